/**
 * A proxy in a gateway's place: its program, the config it is given, and the admin API of a gateway before it, so that a
 * timeline pushes configs, drains workers and ejects them with the same words, whoever stands there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { extname, join } from 'node:path';
import { type Clock, sleep, type Timer } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import { UserError } from '../../core/errors.js';
import { type Event, EventStream } from '../../core/events.js';
import { Program } from '../../core/program.js';
import type { TrafficPlan } from '../../delivery/live-versions.js';
import type { Versioned } from '../../delivery/version-history.js';
import { type Admin, buildAdmin, type UpstreamView } from '../../gateway/admin.js';
import type { GatewayConfig } from '../../gateway/config.js';
import { GatewayControl, type UpstreamChange } from '../../gateway/control.js';
import type { GatewayChildOptions, GatewayReady } from '../../gateway/gateway-child.js';
import { findPort } from '../../gateway/listen.js';
import { REPORT_INTERVAL_MS, startingVersion } from '../../gateway/messages.js';
import { changeUpstream } from '../../gateway/reach.js';
import { UpstreamPool } from '../../gateway/upstream-pool.js';
import type { GatewayProcess } from '../front/front.js';
import type { ProxyProgram } from './choice.js';
import { fillIn, type OwnConfig } from './own-config.js';
import type { ProxySite, ProxyState, RunningProxy, Translation } from './target.js';

/** A proxy listens in tens of milliseconds; one that does not in ten seconds never will. */
const START_TIMEOUT_MS = 10_000;
const LOOK_INTERVAL_MS = 20;

/** A proxy's highest weight where it has one (HAProxy's); weights of a config are small numbers. */
const MAX_WEIGHT = 256;

export interface ProxyGatewayOptions extends GatewayChildOptions {
  readonly program: ProxyProgram;
  readonly own: OwnConfig | null;
  /** Its own, absolute; whoever gives it removes it. */
  readonly folder: string;
  readonly clock: Clock;
}

export class ProxyGateway implements GatewayProcess {
  readonly ready: Promise<GatewayReady>;
  readonly failed: Promise<string>;
  readonly #options: ProxyGatewayOptions;
  readonly #ready = new Deferred<GatewayReady>();
  readonly #failed = new Deferred<string>();
  readonly #pool: UpstreamPool;
  readonly #control: GatewayControl;
  readonly #admin: Admin;
  readonly #stream: EventStream;
  readonly #reporting: { cancel(): void };
  #events: Event[] = [];
  /** What it is to serve with; whether it takes it shows later. */
  #wish: Versioned<GatewayConfig>;
  #site: ProxySite | null = null;
  #program: Program | null = null;
  /** What it was last brought to. */
  #state: ProxyState;
  /** Changes are made one after another, the first once it listens: a signal before that may end a program. */
  #changing: Promise<void> = Promise.resolve();
  /** It stands still for so long. */
  #blocking: Timer | null = null;
  /** Aborted when it is to end: a change under way is not waited for then. */
  readonly #ending = new AbortController();

  constructor(options: ProxyGatewayOptions) {
    const { argument, clock, onSettled } = options;
    this.#options = options;
    this.ready = this.#ready.promise;
    this.failed = this.#failed.promise;
    this.#stream = new EventStream(clock.nowMs);
    this.#stream.subscribe((event) => this.#events.push(event));
    this.#wish = startingVersion(argument);
    const { config } = this.#wish;
    this.#pool = new UpstreamPool(argument.upstreams);
    this.#pool.place(config.upstreams, null);
    this.#control = new GatewayControl({
      ...{ config, history: argument.history, pool: this.#pool, drained: argument.drained },
      ...{ clock, emit: this.#stream.emit },
      ...(onSettled && { onSettled }),
      reach: {
        apply: (plan) => this.#apply(plan),
        change: (id, change) => this.#change(id, change),
        smokeTest: async () => ({
          status: 422,
          reason: `${options.program.proxy.title} takes a config for all of its traffic; it answers nothing by one before`,
        }),
        purge: () => this.#purge(),
      },
    });
    this.#state = this.#wanted();
    this.#admin = buildAdmin(
      {
        // Of this process, not of the proxy's, is all that is known.
        memory: () => null,
        readers: () => [],
        upstreams: () => this.#views(),
        // Who is told that a drain was taken ends the worker next.
        taken: () => this.#changing,
        renderMetrics: async () => '',
        metricsType: 'text/plain',
      },
      this.#control,
      argument,
    );
    this.#reporting = clock.every(REPORT_INTERVAL_MS, () => this.#report());
    const listening = this.#start();
    this.#changing = listening.then(
      () => {},
      () => {},
    );
    this.#open(listening).catch((error: Error) => {
      if (!this.#stopping) this.#ready.reject(this.#withFiles(error.message));
    });
  }

  get #stopping(): boolean {
    return this.#ending.signal.aborted;
  }

  /** None of them burns its processor on demand: it stands still for so long, which clients cannot tell from it. */
  block(forMs: number): void {
    this.signal('SIGSTOP');
    this.#blocking = this.#options.clock.after(forMs, () => this.signal('SIGCONT'));
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#blocking?.cancel();
    if (signal === 'SIGKILL') {
      this.#ending.abort();
      void this.#end();
    }
    this.#program?.signal(signal);
  }

  async stop(graceMs: number): Promise<void> {
    this.#blocking?.cancel();
    this.#ending.abort();
    await within(this.#changing, graceMs, this.#options.clock);
    await this.#program?.stop(graceMs);
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#reporting.cancel();
    this.#control.stop();
    await this.#admin.close();
    this.#report();
  }

  #report(): void {
    const events = this.#events;
    this.#events = [];
    this.#options.onReport({ type: 'report', events, stallMs: 0, ruleMs: 0 });
  }

  /** What it was told; how they fare only the proxy knows. */
  #views(): UpstreamView[] {
    return this.#pool.upstreams.map((upstream) => ({
      ...{ id: upstream.id, address: `${upstream.host}:${upstream.port}` },
      ...{ weight: upstream.weight, priority: upstream.priority, healthy: null },
      ...{ ejected: upstream.ejected, drained: upstream.drained, inFlight: null, queued: null },
      ...{ limit: null, circuit: null, counts: null },
    }));
  }

  /** None of them empties its cache by a command that all of them have. */
  #purge(): number {
    const { title } = this.#options.program.proxy;
    this.#stream.emit('run.noted', { text: `${title}: its cache is not emptied by command` });
    return 0;
  }

  /** As the config and whoever changed upstreams by hand want it. */
  #wanted(): ProxyState {
    const upstreams = this.#pool.upstreams.map(({ id, host, port, weight, priority, drained, ejected }) => ({
      ...{ id, host, port, priority },
      weight: Math.min(MAX_WEIGHT, Math.max(weight > 0 ? 1 : 0, Math.round(weight))),
      drained: drained || ejected,
    }));
    return { config: this.#wish.config, upstreams };
  }

  #translate(state: ProxyState, site: ProxySite): Translation['files'] {
    const { program, own } = this.#options;
    if (own === null) return program.proxy.translate(state, site).files;
    const { name, adapt = (text) => text } = program.proxy;
    // Its ending says which language it is in, where a proxy has several.
    return { [`own-${name}${extname(own.file)}`]: adapt(fillIn(own, site, state.upstreams), site) };
  }

  #write(files: Translation['files'], { folder }: ProxySite): string {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return join(folder, Object.keys(files)[0]!);
  }

  /** @param listening how its start ends. */
  async #open(listening: Promise<GatewayReady>): Promise<void> {
    const ready = await listening;
    // Whatever was changed meanwhile.
    this.#follow();
    await this.#changing;
    if (!this.#stopping) this.#ready.resolve(ready);
  }

  /** @returns when it listens, or is to end. */
  async #start(): Promise<GatewayReady> {
    const { argument, program, reaper, clock, folder } = this.#options;
    const { host } = argument;
    const { proxy } = program;
    const adminPort = await this.#admin.listen(argument.adminPort);
    const port = await findPort(host, argument.port);
    const ownAdminPort = await findPort(host, 0);
    const ready = { port, adminPort };
    if (this.#stopping) return ready;
    const { resolver } = argument;
    const site: ProxySite = { host, port, adminPort: ownAdminPort, folder, resolver, purpose: 'run' };
    this.#state = this.#wanted();
    const file = this.#write(this.#translate(this.#state, site), site);
    await this.#check(file, site);
    if (this.#stopping) return ready;
    const running = new Program({
      ...{ name: proxy.title, command: program.path, cwd: folder, reaper },
      args: proxy.args(file, site, this.#state.config),
      leadsGroup: true,
      environment: proxy.environment?.(site, this.#state.config) ?? {},
      ...(proxy.stdoutFile !== undefined && { stdoutFile: join(folder, proxy.stdoutFile) }),
    });
    this.#program = running;
    this.#site = site;
    running.exited.then((code) => {
      if (this.#stopping) return;
      const how = `${proxy.title} ended with ${code ?? 'a signal'}:\n${running.lastWords}`;
      this.#ready.reject(this.#withFiles(how));
      this.#failed.resolve(this.#withFiles(how).message);
    });
    const deadlineMs = clock.nowMs() + START_TIMEOUT_MS;
    while (running.running && !this.#stopping && !(await accepts(host, port))) {
      if (clock.nowMs() > deadlineMs) {
        throw new Error(`${proxy.title} does not listen on ${host}:${port}:\n${running.lastWords}`);
      }
      await sleep(clock, LOOK_INTERVAL_MS);
    }
    return ready;
  }

  /** @throws Error with what the proxy has against its config. */
  async #check(file: string, site: ProxySite): Promise<void> {
    const { program, reaper, own, folder } = this.#options;
    const { proxy, path } = program;
    const args = proxy.checkArgs(file, site);
    const environment = proxy.environment?.(site, this.#state.config) ?? {};
    const checking = new Program({
      name: proxy.title,
      command: path,
      args,
      cwd: folder,
      reaper,
      environment,
    });
    const end = (): void => checking.signal('SIGKILL');
    this.#ending.signal.addEventListener('abort', end);
    const code = await checking.exited;
    this.#ending.signal.removeEventListener('abort', end);
    if (code === 0 || this.#stopping) return;
    const whose = own === null ? 'what the scenario’s gateway section was translated to' : own.file;
    throw new Error(`${proxy.title} does not take ${whose}:\n${checking.lastWords}`);
  }

  #withFiles(how: string): UserError {
    return new UserError('couldNotStart', `${how}\nIts files are kept in ${this.#options.folder}`);
  }

  #apply({ stable, candidate }: TrafficPlan<GatewayConfig>): string | null {
    const { program, own } = this.#options;
    const { title } = program.proxy;
    if (own !== null) return `${title} runs ${own.file}, which no config of the scenario can replace`;
    if (candidate !== null && candidate.shareRatio < 1) {
      return `${title} takes a config for all of its traffic; one for a part of it needs a second proxy`;
    }
    this.#wish = candidate ?? stable;
    this.#pool.place(this.#wish.config.upstreams, null);
    this.#follow();
    return null;
  }

  #change(id: string, change: UpstreamChange): void {
    const upstream = this.#pool.find(id);
    if (upstream === undefined) return;
    changeUpstream(upstream, change, this.#options.clock.nowMs());
    this.#follow();
  }

  /** Brings the proxy to what is wanted by then. */
  #follow(): void {
    this.#changing = this.#changing.then(async () => {
      const [program, site, before] = [this.#program, this.#site, this.#state];
      if (program === null || site === null || this.#stopping) return;
      const { version } = this.#wish;
      const after = this.#wanted();
      if (JSON.stringify(after) === JSON.stringify(before)) {
        this.#state = after;
        return;
      }
      const { proxy } = this.#options.program;
      const file = this.#write(this.#translate(after, site), site);
      const running: RunningProxy = { site, pid: program.pid, file, ending: this.#ending.signal };
      try {
        await proxy.follow(running, before, after);
        this.#state = after;
      } catch (error) {
        if (this.#stopping) return;
        // Read by the next reload, whoever orders it.
        this.#write(this.#translate(before, site), site);
        const reason = (error as Error).message;
        if (after.config === before.config) {
          this.#stream.emit('run.noted', { text: `${proxy.title}: ${reason}` });
        } else this.#refused(version, reason);
      }
    });
  }

  /** It serves with the version before, so that is the good one again, for one that takes its place as well. */
  #refused(version: number, reason: string): void {
    const { title } = this.#options.program.proxy;
    const { delivery } = this.#control;
    const isStable = delivery.version === version;
    this.#control.refused(title, version, reason);
    if (isStable) delivery.rollback(title, reason);
  }
}

/** Waits for a promise that does not reject, and not for longer than that. */
const within = async (done: Promise<void>, longestMs: number, clock: Clock): Promise<void> => {
  const late = new Deferred<void>();
  const timer = clock.after(longestMs, () => late.resolve());
  await Promise.race([done, late.promise]);
  timer.cancel();
};

const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
