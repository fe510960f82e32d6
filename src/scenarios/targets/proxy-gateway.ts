/**
 * A proxy in a gateway's place: its program, the config it is given, and the admin API of a gateway before it, so that a
 * timeline pushes configs, drains workers and ejects them with the same words, whoever stands there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { extname, join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import { UserError } from '../../core/errors.js';
import { type Event, EventStream } from '../../core/events.js';
import { Program } from '../../core/program.js';
import type { TrafficPlan } from '../../delivery/live-versions.js';
import { type Admin, buildAdmin, readMemory } from '../../gateway/admin.js';
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
  #config: GatewayConfig;
  #site: ProxySite | null = null;
  #program: Program | null = null;
  /** What it was last brought to. */
  #state: ProxyState;
  /** Changes are made one after another. */
  #changing: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(options: ProxyGatewayOptions) {
    const { argument, clock, onSettled } = options;
    this.#options = options;
    this.ready = this.#ready.promise;
    this.failed = this.#failed.promise;
    this.#stream = new EventStream(clock.nowMs);
    this.#stream.subscribe((event) => this.#events.push(event));
    const { config } = startingVersion(argument);
    this.#config = config;
    this.#pool = new UpstreamPool(argument.upstreams);
    this.#pool.place(config.upstreams, null);
    this.#control = new GatewayControl({
      ...{ config, history: argument.history, pool: this.#pool, drained: argument.drained },
      ...{ clock, emit: this.#stream.emit },
      ...(onSettled && { onSettled }),
      reach: {
        apply: (plan) => this.#apply(plan),
        change: (id, change) => this.#change(id, change),
        // None of them empties its cache by a command that all of them have.
        purge: () => 0,
      },
    });
    this.#state = this.#wanted();
    this.#admin = buildAdmin(
      {
        memory: readMemory,
        readers: () => [],
        upstreams: () => this.#views(),
        renderMetrics: async () => '',
        metricsType: 'text/plain',
      },
      this.#control,
      argument,
    );
    this.#reporting = clock.every(REPORT_INTERVAL_MS, () => this.#report());
    this.#start().catch((error: Error) => this.#ready.reject(this.#withFiles(error.message)));
  }

  /** None of them burns its processor on demand: it stands still for so long, which clients cannot tell from it. */
  block(forMs: number): void {
    this.signal('SIGSTOP');
    this.#options.clock.after(forMs, () => this.signal('SIGCONT'));
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (signal === 'SIGKILL') {
      this.#stopping = true;
      void this.#end();
    }
    this.#program?.signal(signal);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#changing;
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

  #views() {
    return this.#pool.upstreams.map((upstream) => ({
      ...{ id: upstream.id, address: `${upstream.host}:${upstream.port}` },
      ...{ weight: upstream.weight, priority: upstream.priority, healthy: upstream.healthy },
      ...{ ejected: upstream.ejected, drained: upstream.drained, inFlight: 0, queued: 0 },
      ...{ limit: null, circuit: null, counts: upstream.counts },
    }));
  }

  /** As the config and whoever changed upstreams by hand want it. */
  #wanted(): ProxyState {
    const upstreams = this.#pool.upstreams.map(({ id, host, port, weight, priority, drained, ejected }) => ({
      ...{ id, host, port, priority },
      weight: Math.min(MAX_WEIGHT, Math.max(weight > 0 ? 1 : 0, Math.round(weight))),
      drained: drained || ejected,
    }));
    return { config: this.#config, upstreams };
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

  async #start(): Promise<void> {
    const { argument, program, reaper, clock, folder } = this.#options;
    const { host } = argument;
    const { proxy } = program;
    const adminPort = await this.#admin.listen(argument.adminPort);
    const port = await findPort(host, argument.port);
    const ownAdminPort = await findPort(host, 0);
    if (this.#stopping) return;
    const { resolver } = argument;
    const site: ProxySite = { host, port, adminPort: ownAdminPort, folder, resolver, purpose: 'run' };
    this.#state = this.#wanted();
    const file = this.#write(this.#translate(this.#state, site), site);
    await this.#check(file, site);
    if (this.#stopping) return;
    const running = new Program({
      ...{ name: proxy.title, command: program.path, cwd: folder, reaper },
      args: proxy.args(file, site, this.#config),
      leadsGroup: true,
      environment: proxy.environment?.(site, this.#config) ?? {},
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
      await new Promise<void>((resolve) => clock.after(LOOK_INTERVAL_MS, resolve));
    }
    // Whatever was changed meanwhile.
    this.#follow();
    await this.#changing;
    if (!this.#stopping) this.#ready.resolve({ port, adminPort });
  }

  /** @throws Error with what the proxy has against its config. */
  async #check(file: string, site: ProxySite): Promise<void> {
    const { program, reaper, own, folder } = this.#options;
    const { proxy, path } = program;
    const args = proxy.checkArgs(file, site);
    const environment = proxy.environment?.(site, this.#config) ?? {};
    const checking = new Program({
      name: proxy.title,
      command: path,
      args,
      cwd: folder,
      reaper,
      environment,
    });
    if ((await checking.exited) === 0 || this.#stopping) return;
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
    const { config, version } = candidate ?? stable;
    this.#config = config;
    this.#pool.place(config.upstreams, null);
    this.#follow(version);
    return null;
  }

  #change(id: string, change: UpstreamChange): void {
    const upstream = this.#pool.find(id);
    if (upstream === undefined) return;
    changeUpstream(upstream, change, this.#options.clock.nowMs());
    // Called by the constructor too, before there is anything to follow.
    if (this.#program !== null) this.#follow();
  }

  /** Brings the proxy to what is wanted by then. @param version whose doing it is. */
  #follow(version?: number): void {
    this.#changing = this.#changing.then(async () => {
      const [program, site, before] = [this.#program, this.#site, this.#state];
      if (program === null || site === null || this.#stopping) return;
      const after = this.#wanted();
      if (JSON.stringify(after) === JSON.stringify(before)) return;
      const { proxy } = this.#options.program;
      const file = this.#write(this.#translate(after, site), site);
      const running: RunningProxy = { site, pid: program.pid, file };
      try {
        await proxy.follow(running, before, after);
        this.#state = after;
      } catch (error) {
        const reason = (error as Error).message;
        if (version === undefined) this.#stream.emit('run.noted', { text: `${proxy.title}: ${reason}` });
        else this.#control.refused(proxy.title, version, reason);
      }
    });
  }
}

const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
