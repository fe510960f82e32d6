/**
 * What happened, told from a result: the turning points of each variant in order, and what made the difference between
 * the variants. Every sentence is drawn from measured values and recorded events; a scenario has no text of its own
 * here.
 */
import type { EventMap } from '../../core/event-map.js';
import { formatDuration, formatMebibytes, formatRatio } from '../../core/units.js';
import { EDGE, isGateway } from '../front/config.js';
import { hurtAgain } from '../incident/incident-rows.js';
import { WHOLE_RUN } from '../metrics/metrics.js';
import type { Result, SampledRequest, VariantResult } from '../result.js';
import { fieldsOf, ofType, ofWorkerConfig, type TypedEvent, workersGiven } from '../result-events.js';
import { eventMoments, type Moment } from './event-moments.js';

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
  dns: 'the name of a worker does not resolve',
  no_route: 'no route leads where the request wants to go',
  blocked: 'a rule does not let them in',
  tls_certificate_error: 'the certificate behind the edge is not to be trusted',
};

/**
 * What a cause means, in a few words; `undefined`: it says it itself.
 *
 * @param upstream who was asked last, where that is known: behind an edge that is a gateway.
 */
export const causeText = (cause: string, upstream = ''): string | undefined =>
  isGateway(upstream) ? CAUSE_TEXT[cause]?.replaceAll('worker', 'gateway') : CAUSE_TEXT[cause];

const statusText = (variant: VariantResult, status: string): string => {
  const first = variant.requests
    .flatMap(({ attempts }) => attempts)
    .filter((attempt) => String(attempt.status) === status)
    .reduce<SampledRequest['attempts'][number] | undefined>(
      (earliest, attempt) => (earliest !== undefined && earliest.endMs <= attempt.endMs ? earliest : attempt),
      undefined,
    );
  // A proxy that is not ours names no cause; its log does.
  const text = causeText(first?.cause ?? '', first?.upstreams.at(-1)?.upstream) ?? first?.evidence?.text;
  return text === undefined ? '' : `: ${text}`;
};

/** More than this many deaths are counted, not listed. */
const MAX_DEATHS_TOLD = 1;

const deathText = (death: EventMap['worker.exited']): string => {
  const how = death.signal ?? `exit code ${death.code}`;
  const heap = `${formatMebibytes(death.lastHeapBytes)} of ${formatMebibytes(death.heapLimitBytes)} heap in use`;
  const cause = death.fatalLine === null ? '' : `, ${death.fatalLine.replace(/^FATAL ERROR: /, 'V8: ')}`;
  return `${death.worker} dies by ${how} with ${heap}${cause}`;
};

/** What can be said of deaths after every worker's first. */
const againText = (variant: VariantResult, deaths: readonly TypedEvent<'worker.exited'>[]): string => {
  const version = deaths.at(-1)!.fields.configVersion;
  const byMemory = deaths.every(({ fields }) => fields.fatalLine !== null);
  const pushed = ofWorkerConfig(variant, 'config.pushed').some(({ fields }) => fields.version === version);
  return byMemory && pushed
    ? `restarted workers read version ${version} again, and run out of memory again`
    : 'restarted workers die again';
};

/** Those that a config which was pushed can reach, where that is not everybody. */
interface Reached {
  readonly count: number;
  /** Empty: everybody. */
  readonly who: string;
}

const reachedBy = (variant: VariantResult): Reached => {
  const workers = variant.upstreams?.length ?? variant.series[0]?.workers.length ?? 0;
  const readers = ofWorkerConfig(variant, 'config.pushed')[0]?.fields.readers ?? workers;
  return readers < workers ? { count: readers, who: ' that read the config' } : { count: workers, who: '' };
};

const deathMoments = (variant: VariantResult, { count, who }: Reached): Moment[] => {
  const deaths = ofType(variant, 'worker.exited');
  const moments = deaths.slice(0, MAX_DEATHS_TOLD).map(({ t, fields }) => ({ t, text: deathText(fields) }));
  const first = deaths[0];
  if (first === undefined) return moments;
  const lost = new Set<string>();
  const last = deaths.find(({ fields }) => lost.add(fields.worker).size === count);
  if (last !== undefined && count > 1) {
    const spread = formatDuration((last.t - first.t) * 1000);
    moments.push({ t: last.t, text: `all ${count} workers${who} have died, within ${spread}` });
  }
  const more = deaths.length - variant.workersLost;
  if (more > 0) {
    const what = more === 1 ? 'death' : 'deaths';
    moments.push({
      t: deaths.at(-1)!.t,
      text: `the last of ${more} more ${what}: ${againText(variant, deaths)}`,
    });
  }
  return moments;
};

/** When every upstream was unhealthy at once, for the first time. */
const allUnhealthy = (variant: VariantResult, { count, who }: Reached): Moment[] => {
  const unhealthy = new Set<string>();
  for (const event of variant.events) {
    // Its upstreams are the gateways.
    if ((event as { gateway?: unknown }).gateway === EDGE) continue;
    if (event.type === 'upstream.turned-unhealthy') {
      unhealthy.add(fieldsOf(event, 'upstream.turned-unhealthy').upstream);
    } else if (event.type === 'upstream.turned-healthy') {
      unhealthy.delete(fieldsOf(event, 'upstream.turned-healthy').upstream);
    }
    if (unhealthy.size === count)
      return [
        {
          t: event.t,
          text:
            who === ''
              ? 'health checks have taken the last worker out'
              : `health checks have taken out the last of the ${count} workers${who}`,
        },
      ];
  }
  return [];
};

/** What the scenario knows that a status page said while the run went on. */
const publishedMoments = ({ incident, durationMs }: VariantResult): Moment[] =>
  (incident?.timeline ?? []).flatMap(({ state, publishedMs }): Moment[] =>
    publishedMs === null || publishedMs > durationMs
      ? []
      : [{ t: publishedMs / 1000, text: `the status page says: ${state}` }],
  );

/** Later times that users were hurt, after service had been good again. */
const hurtAgainMoments = ({ incident }: VariantResult): Moment[] =>
  (incident === null ? [] : hurtAgain(incident)).flatMap(({ onsetMs, recoveredMs, text }): Moment[] => [
    { t: onsetMs / 1000, text },
    ...(recoveredMs === null ? [] : [{ t: recoveredMs / 1000, text: 'service is good once more' }]),
  ]);

/** The turning points of a variant, in order. */
export const tellVariant = (variant: VariantResult): Moment[] => {
  const reached = reachedBy(variant);
  const moments: Moment[] = [
    ...eventMoments(variant),
    ...publishedMoments(variant),
    ...hurtAgainMoments(variant),
    ...deathMoments(variant, reached),
    ...allUnhealthy(variant, reached),
  ];
  for (const [status, ms] of Object.entries(variant.firstStatusMs)) {
    if (Number(status) >= 400) {
      moments.push({ t: ms / 1000, text: `first ${status}${statusText(variant, status)}` });
    }
  }
  if (variant.recoveredMs !== null && variant.recoveredMs > 0) {
    moments.push({ t: variant.recoveredMs / 1000, text: 'service is good again' });
  }
  if (variant.recoveredMs === null && !variant.partial) {
    moments.push({ t: variant.durationMs / 1000, text: 'the end: service never became good again' });
  }
  return moments.sort((a, b) => a.t - b.t);
};

/** How a variant dealt with a config that was pushed; empty when there was none. */
const reachText = (variant: VariantResult): string => {
  const [push] = ofWorkerConfig(variant, 'config.pushed');
  if (push === undefined) return '';
  const { version, readers } = push.fields;
  const reached = workersGiven(variant, new Set([version]));
  const [rollback] = ofWorkerConfig(variant, 'config.rolled-back');
  const reach = `version ${version} reached ${reached.size} of ${readers} workers`;
  if (rollback === undefined) return `${reach} and was never rolled back`;
  return `${reach}, the rollback began ${formatDuration((rollback.t - push.t) * 1000)} after the push`;
};

/** Empty for upstreams of the user's own, of which no death is known. */
const lostText = ({ upstreams, workersLost }: VariantResult): string =>
  upstreams === undefined ? `, ${workersLost} ${workersLost === 1 ? 'worker' : 'workers'} lost` : '';

/** One sentence a variant: what it cost, in the window `outage` or else in the whole run, and whom a bad config reached. */
export const conclude = (result: Pick<Result, 'variants'>): string[] => {
  const hasOutage = result.variants[0]?.windows.outage !== undefined;
  const place = hasOutage ? 'in the outage window' : 'in the whole run';
  return result.variants.flatMap((variant) => {
    const span = variant.windows[hasOutage ? 'outage' : WHOLE_RUN];
    if (span === undefined) return [];
    const failed = formatRatio(1 - (span.availability ?? 1));
    const reach = reachText(variant);
    const cost = `${failed} of ${span.requests} requests failed ${place}`;
    return `${variant.name}: ${cost}${lostText(variant)}${reach === '' ? '' : `; ${reach}`}.`;
  });
};
