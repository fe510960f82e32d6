/** `badgateway serve`: a lab. Gateway, fleet, load and a page to watch and disturb them, until it is stopped. */
import { wallClock } from '../core/clock.js';
import { Deferred } from '../core/deferred.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { Reaper } from '../core/reaper.js';
import { LAB_FILE } from '../scenarios/library.js';
import { describeLibrary } from '../scenarios/library-list.js';
import { Channel } from '../scenarios/live/channel.js';
import { Lab } from '../scenarios/live/lab.js';
import type { Learning } from '../scenarios/live/learning.js';
import { type Host, LiveApi, type WrittenRunOrder } from '../scenarios/live/live-api.js';
import { LiveRun } from '../scenarios/live/live-run.js';
import { startLiveServer } from '../scenarios/live/live-server.js';
import { RealWorld } from '../scenarios/real-world.js';
import type { Result } from '../scenarios/result.js';
import { playVariant } from '../scenarios/runner.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { type StatusPage, type StatusWatch, startStatusPage } from '../scenarios/status-page/status-page.js';
import { renderPage } from '../web/page.js';
import { packReport } from '../web/report.js';
import { aborted, listenForInterruption } from './interruption.js';
import { findForLab, makeLearning } from './lab-learning.js';
import { parseHost, parseOptionalPort, parsePort, parseToken } from './listen-flags.js';
import { openInBrowser } from './open.js';
import { RUNS } from './run-engines.js';
import { planRun } from './run-plan.js';
import { toResult } from './run-result.js';
import { findScenario } from './scenario-file.js';
import { channelName } from './watched-run.js';

/** Free on most machines, and easy to keep in mind. */
const DEFAULT_PORT = 8088;

/** How long pages may take to read that it is over. */
const LAST_WORDS_MS = 300;

interface LabPlan {
  readonly scenario: Scenario;
  readonly variant: Variant;
}

/** The same without an end: nothing is measured against windows, and what the load does last, it goes on doing. */
const withoutEnd = (variant: Variant): Variant => ({
  ...variant,
  durationMs: Number.POSITIVE_INFINITY,
  load: { ...variant.load, endless: true },
});

const planLab = async (
  name: string | undefined,
  flags: Readonly<Record<string, unknown>>,
): Promise<LabPlan> => {
  const found = findScenario(name ?? LAB_FILE);
  const { scenario, variants, skipped } = await planRun(found, {
    ...flags,
    engine: 'real',
    repeat: undefined,
  });
  const [variant] = variants;
  if (variant === undefined) {
    const why = skipped.map(
      ({ target, needed }) => `${target}: ${needed.map(({ text }) => text).join('; ')}`,
    );
    throw new UserError('usage', ['nothing can be shown there', ...why].join('\n'));
  }
  if (flags.variant !== undefined && variants.length > 1)
    throw new UserError('usage', 'a lab has one world: give one variant, and one target');
  return { scenario, variant: withoutEnd(variant) };
};

/** What the lab's parts need of each other. */
interface Setting {
  readonly channel: Channel;
  /** Up before the first world, and after the last. */
  readonly statusPage: StatusPage;
  readonly learning: Learning;
  /** Where orders go while something runs; known once there is an API. */
  api: LiveApi | null;
}

const liveOf = (
  { channel }: Setting,
  about: Pick<ConstructorParameters<typeof LiveRun>[0], 'mode' | 'engine' | 'scenario' | 'variants'>,
): LiveRun => new LiveRun({ channel, clock: wallClock, ...about });

const playLab =
  ({ scenario, variant }: LabPlan, setting: Setting, onUp: () => void) =>
  async (signal: AbortSignal): Promise<void> => {
    const live = liveOf(setting, { mode: 'lab', engine: 'real', scenario, variants: [variant] });
    let watch: StatusWatch | undefined;
    try {
      await playVariant(variant, {
        makeWorld: () => {
          const { address } = setting.statusPage;
          const world = new RealWorld(variant, { statusPage: address });
          live.begin(variant, world, `${address}/`);
          return world;
        },
        openControl: (stage) => setting.api!.open(stage),
        onVariantStart: (_variant, world) => {
          watch = setting.statusPage.watch(world, variant, scenario.title);
          onUp();
        },
        signal,
      });
    } finally {
      live.over();
      watch?.end();
    }
  };

const prepareRun =
  (setting: Setting) =>
  async ({ scenario: name, variants, engine, seed }: WrittenRunOrder, onResult: (result: Result) => void) => {
    const plan = await planRun(findForLab(name), { engine, seed, variant: variants });
    return async (signal: AbortSignal): Promise<void> => {
      const live = liveOf(setting, { mode: 'run', ...plan });
      const startedAt = new Date(wallClock.nowMs());
      const [first] = plan.variants;
      if (plan.engine === 'virtual' && first !== undefined) live.begin(first, null);
      const watching = { live, openControl: setting.api!.open, statusPage: setting.statusPage };
      const result = toResult(plan, await RUNS[plan.engine](plan, signal, null, watching), startedAt);
      onResult(result);
      setting.learning.took(name, result);
      const reason = signal.aborted ? 'it was stopped' : null;
      live.end({ result, report: packReport(result), reason, final: false });
    };
  };

interface Addresses {
  /** Of the lab. */
  readonly address: string;
  readonly token: string | null;
  readonly statusPage: string;
}

const addressText = ({ address, token, statusPage }: Addresses, json: boolean): string => {
  const url = `${address}/`;
  const apiUrl = `${address}/api/`;
  const statusPageUrl = `${statusPage}/`;
  if (json) {
    const all = { url, apiUrl, feedUrl: `${address}/feed`, statusPageUrl, pid: process.pid };
    return `${JSON.stringify(all)}\n`;
  }
  // Whoever has the address with the token in it needs nothing else.
  const page = token === null ? url : `${url}?token=${encodeURIComponent(token)}`;
  return `lab          ${page}\nAPI          ${apiUrl}  (docs/lab.md says what it can do)\nstatus page  ${statusPageUrl}\n`;
};

const makeLab = (plan: LabPlan, setting: Setting, failed: Deferred<never>): Lab => {
  const { channel } = setting;
  let wasUp = false;
  return new Lab({
    scenario: plan.scenario.name,
    playLab: playLab(plan, setting, () => {
      wasUp = true;
    }),
    prepareRun: prepareRun(setting),
    onIdle: () => channel.publish({ type: 'idle' }),
    onFailed: (error) => {
      // One that never came up will not come up by itself.
      if (!wasUp) return failed.reject(error);
      process.stderr.write(`${error.message}\n`);
      channel.publish({ type: 'end', result: null, report: null, reason: error.message, final: false });
    },
  });
};

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
}

const serveLab = async (
  plan: LabPlan,
  statusPage: StatusPage,
  { host, port, token }: Listening,
  { signal, flags }: { readonly signal: AbortSignal; readonly flags: Readonly<Record<string, unknown>> },
): Promise<void> => {
  const channel = new Channel(channelName());
  const closing = new AbortController();
  const learning = makeLearning(closing.signal);
  const setting: Setting = { channel, statusPage, learning, api: null };
  const failed = new Deferred<never>();
  const lab = makeLab(plan, setting, failed);
  const api = await LiveApi.make(
    lab satisfies Host,
    onceAsked(() => describeLibrary(wallClock)),
    learning,
  );
  setting.api = api;
  channel.publish({ type: 'idle' });
  const { title } = plan.scenario;
  const source = { kind: 'live', feed: 'feed', api: 'api/', isGuarded: token !== null } as const;
  const page = (): string => renderPage({ title, source });
  const clock = wallClock;
  const server = await startLiveServer({ host, port, token, channel, clock, page, api: api.handle });
  try {
    await lab.lab();
    const addresses = { address: server.address, token, statusPage: statusPage.address };
    process.stdout.write(addressText(addresses, Boolean(flags.json)));
    if (flags.open) openInBrowser(`${server.address}/`);
    const stopAsked = aborted(signal).then(() => {
      if (!flags.quiet) process.stderr.write('stopping; once more ends it at once\n');
    });
    await Promise.race([stopAsked, failed.promise]);
  } finally {
    closing.abort();
    await lab.close();
    const reason = 'the lab was closed';
    channel.publish({ type: 'end', result: null, report: null, reason, final: true });
    channel.close();
    await Promise.all([server.close(LAST_WORDS_MS), api.close()]);
  }
};

/** @returns the exit code: 0 when somebody asked it to stop. */
export const serveCommand = async (
  name: string | undefined,
  flags: Record<string, unknown>,
): Promise<number> => {
  const host = parseHost('--host', flags.host);
  const port = flags.port === undefined ? DEFAULT_PORT : parsePort('--port', flags.port);
  const token = parseToken(flags.token, { name: '--token', host, hostFlag: '--host' });
  const statusPagePort = parseOptionalPort('--status-page', flags.statusPage) ?? 0;
  const plan = await planLab(name, flags);
  const { signal, release } = listenForInterruption();
  const reaper = new Reaper();
  try {
    const { title } = plan.scenario;
    const onLost = (how: string): void => void process.stderr.write(`${how}\n`);
    const statusPage = await startStatusPage({ reaper, port: statusPagePort, title, onLost });
    try {
      await serveLab(plan, statusPage, { host, port, token }, { signal, flags });
    } finally {
      await statusPage.stop();
    }
    return EXIT_CODES.pass;
  } finally {
    await reaper.stop();
    release();
  }
};

/** What takes a while is done once, when somebody wants it. */
const onceAsked = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | null = null;
  return () => {
    made ??= make();
    return made;
  };
};
