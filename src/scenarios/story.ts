/**
 * What happened, told from a result: the turning points of each variant in order, and what made the difference between
 * the variants. Every sentence is drawn from measured values and recorded events; a scenario has no text of its own
 * here.
 */
import { formatDuration, formatMebibytes, formatRatio } from '../core/units.js';
import type { Result, SampledRequest, VariantResult } from './result.js';

export interface Moment {
  /** Seconds from the start of the load. */
  readonly t: number;
  readonly text: string;
}

type ResultEvent = VariantResult['events'][number];

/** What a status came from, by the cause of the first request that got it. */
const CAUSE_TEXT: Readonly<Record<string, string>> = {
  connection_refused: 'nothing listens where a worker was',
  connection_reset: 'a worker died with the request in its hands',
  connection_closed: 'a worker died with the request in its hands',
  no_upstream: 'no healthy worker is left to ask',
  circuit_open: 'the circuits of the workers are open',
  concurrency_limit: 'the workers have as many requests as they may have; the rest is refused at once',
  queue_full: 'the queue in front of the workers is full',
  queue_timeout: 'requests wait too long in front of the workers',
  connect_timeout: 'a worker does not accept connections',
  response_timeout: 'a worker does not answer in time',
  deadline: 'the time for the whole request is over',
  rate_limited: 'clients send more than they may',
};

const statusText = (variant: VariantResult, status: string): string => {
  const first = variant.requests
    .flatMap(({ attempts }) => attempts)
    .filter((attempt) => String(attempt.status) === status)
    .reduce<SampledRequest['attempts'][number] | undefined>(
      (earliest, attempt) => (earliest !== undefined && earliest.endMs <= attempt.endMs ? earliest : attempt),
      undefined,
    );
  const text = CAUSE_TEXT[first?.cause ?? ''];
  return text === undefined ? '' : `: ${text}`;
};

/** More than this many deaths are counted, not listed. */
const MAX_DEATHS_TOLD = 1;

const strategyText: Readonly<Record<string, string>> = {
  'all-at-once': 'to all of them at once',
  rolling: 'one after another',
  canary: 'to a canary first',
};

const field = <Value>(event: ResultEvent, name: string): Value =>
  (event as unknown as Record<string, Value>)[name]!;

const ofType = (variant: VariantResult, type: string): ResultEvent[] =>
  variant.events.filter((event) => event.type === type);

const deathText = (event: ResultEvent): string => {
  const how = field<string | null>(event, 'signal') ?? `exit code ${field<number | null>(event, 'code')}`;
  const heap = formatMebibytes(field<number>(event, 'lastHeapBytes'));
  const limit = formatMebibytes(field<number>(event, 'heapLimitBytes'));
  const fatal = field<string | null>(event, 'fatalLine');
  const cause = fatal === null ? '' : `, ${fatal.replace(/^FATAL ERROR: /, 'V8: ')}`;
  return `${field<string>(event, 'worker')} dies by ${how} with ${heap} of ${limit} heap in use${cause}`;
};

const deathMoments = (variant: VariantResult, workers: number): Moment[] => {
  const deaths = ofType(variant, 'worker.exited');
  const moments = deaths.slice(0, MAX_DEATHS_TOLD).map((event) => ({ t: event.t, text: deathText(event) }));
  const first = deaths[0];
  if (first === undefined) return moments;
  const lost = new Set<string>();
  const last = deaths.find((event) => lost.add(field(event, 'worker')).size === workers);
  if (last !== undefined && workers > 1) {
    const spread = formatDuration((last.t - first.t) * 1000);
    moments.push({ t: last.t, text: `all ${workers} workers have died, within ${spread}` });
  }
  if (deaths.length > variant.workersLost) {
    const version = field<number>(deaths.at(-1)!, 'configVersion');
    const more = deaths.length - variant.workersLost;
    const byMemory = deaths.every((event) => field<string | null>(event, 'fatalLine') !== null);
    const pushed = ofType(variant, 'config.pushed').some(
      (event) => field<number>(event, 'version') === version,
    );
    const again =
      byMemory && pushed
        ? `restarted workers read version ${version} again, and run out of memory again`
        : 'restarted workers die again';
    moments.push({
      t: deaths.at(-1)!.t,
      text: `the last of ${more} more ${more === 1 ? 'death' : 'deaths'}: ${again}`,
    });
  }
  return moments;
};

/** When every upstream was unhealthy at once, for the first time. */
const allUnhealthy = (variant: VariantResult, workers: number): Moment[] => {
  const unhealthy = new Set<string>();
  for (const event of variant.events) {
    if (event.type === 'upstream.turned-unhealthy') unhealthy.add(field(event, 'upstream'));
    if (event.type === 'upstream.turned-healthy') unhealthy.delete(field(event, 'upstream'));
    if (unhealthy.size === workers)
      return [{ t: event.t, text: 'health checks have taken the last worker out' }];
  }
  return [];
};

const configMoments = (variant: VariantResult): Moment[] =>
  variant.events.flatMap((event): Moment[] => {
    const version = field<number>(event, 'version');
    switch (event.type) {
      case 'config.pushed': {
        const how = strategyText[field<string>(event, 'strategy')];
        return [
          {
            t: event.t,
            text: `version ${version} of the config goes to ${field(event, 'readers')} workers, ${how}`,
          },
        ];
      }
      case 'config.promoted':
        return [{ t: event.t, text: `the canary passed: version ${version} goes to the rest` }];
      case 'config.rolled-back': {
        const reason = field<string>(event, 'reason');
        const why = reason === 'ordered' ? 'by order' : `by itself: ${reason}`;
        return [{ t: event.t, text: `version ${field(event, 'from')} is rolled back to ${version} ${why}` }];
      }
      case 'config.rollback-finished':
        return [{ t: event.t, text: `every worker is meant to run version ${version} again` }];
      case 'config.refused':
        return [
          {
            t: event.t,
            text: `a config is refused with ${field(event, 'status')}: ${field(event, 'reason')}`,
          },
        ];
      case 'config.locked':
        return [{ t: event.t, text: `the config is locked: ${field(event, 'reason')}` }];
      case 'config.glass-broken':
        return [{ t: event.t, text: `the lock is passed by: ${field(event, 'reason')}` }];
      default:
        return [];
    }
  });

const faultMoments = (variant: VariantResult): Moment[] =>
  ofType(variant, 'fault.injected').map((event) => ({
    t: event.t,
    text: `fault ${field(event, 'fault')} is injected into ${field(event, 'worker')}`,
  }));

/** The turning points of a variant, in order. */
export const tellVariant = (variant: VariantResult): Moment[] => {
  const workers = variant.series[0]?.workers.length ?? 0;
  const moments: Moment[] = [
    ...ofType(variant, 'run.noted').map((event) => ({ t: event.t, text: field<string>(event, 'text') })),
    ...configMoments(variant),
    ...faultMoments(variant),
    ...deathMoments(variant, workers),
    ...allUnhealthy(variant, workers),
  ];
  for (const [status, ms] of Object.entries(variant.firstStatusMs)) {
    if (Number(status) >= 400)
      moments.push({ t: ms / 1000, text: `first ${status}${statusText(variant, status)}` });
  }
  if (variant.recoveredMs !== null && variant.recoveredMs > 0) {
    moments.push({ t: variant.recoveredMs / 1000, text: 'service is good again' });
  }
  if (variant.recoveredMs === null && !variant.partial) {
    moments.push({ t: variant.durationMs / 1000, text: 'the end: service never became good again' });
  }
  return moments.sort((a, b) => a.t - b.t);
};

const outageOf = (variant: VariantResult) => variant.windows.outage;

const failedIn = (variant: VariantResult): number => 1 - (outageOf(variant)?.availability ?? 1);

/** How a variant dealt with a config that was pushed; empty when there was none. */
const reachText = (variant: VariantResult): string => {
  const push = ofType(variant, 'config.pushed')[0];
  if (push === undefined) return '';
  const version = field<number>(push, 'version');
  const reached = new Set(
    ofType(variant, 'config.assigned')
      .filter((event) => field<number>(event, 'version') === version)
      .map((event) => field<string>(event, 'reader')),
  );
  const rollback = ofType(variant, 'config.rolled-back')[0];
  const readers = field<number>(push, 'readers');
  const reach = `version ${version} reached ${reached.size} of ${readers} workers`;
  if (rollback === undefined) return `${reach} and was never rolled back`;
  return `${reach}, the rollback began ${formatDuration((rollback.t - push.t) * 1000)} after the push`;
};

/** One sentence a variant: what it cost, and what made the difference to the first. */
export const conclude = (result: Pick<Result, 'variants'>): string[] => {
  const [first] = result.variants;
  if (first === undefined || outageOf(first) === undefined) return [];
  return result.variants.filter(outageOf).map((variant) => {
    const outage = outageOf(variant)!;
    const failed = formatRatio(failedIn(variant));
    const reach = reachText(variant);
    const lost = `${variant.workersLost} ${variant.workersLost === 1 ? 'worker' : 'workers'} lost`;
    const cost = `${failed} of ${outage.requests} requests failed in the outage window, ${lost}`;
    const comparison =
      variant === first ? '' : ` (${first.name}: ${formatRatio(failedIn(first))}, ${first.workersLost})`;
    return `${variant.name}: ${cost}${comparison}${reach === '' ? '' : `; ${reach}`}.`;
  });
};
