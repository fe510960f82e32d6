/** The keys of the `fleet:` section by which workers are watched, replaced, added and taken away. None is on by default. */
import { thereAre } from '../../core/nearest.js';
import { Count, Duration, Optional, type Static, Type } from '../../core/schema.js';
import { parseDurationMs, parseDurationMsOr } from '../../core/units.js';
import { workerIds } from '../fleet.js';
import { type AutoscaleConfig, AutoscaleSchema, explainSeason, resolveAutoscale } from './autoscaler.js';
import {
  LivenessSchema,
  type ProbeConfig,
  ReadinessSchema,
  resolveLiveness,
  resolveReadiness,
} from './probe.js';
import { type QuarantineConfig, QuarantineSchema, resolveQuarantine } from './quarantine.js';
import { type RecycleConfig, RecycleSchema, resolveRecycle } from './recycling.js';
import { MIN_WATCHDOG_MS } from './watchdog.js';

/** Never that of a worker, nor the word for all of them. */
const CLUSTER_NAME = '^(?!all$|worker-\\d+$)[a-z0-9]+(-[a-z0-9]+)*$';

export const MechanismProperties = {
  maxWorkers: Optional(
    Count(1, 'Places for workers; those that do not run are drained at the gateway. Default: `workers`.'),
  ),
  bootDelay: Optional(
    Duration('How long a worker boots before it serves; the first start is not waited for. Default 0s.'),
  ),
  liveness: Optional(LivenessSchema),
  readiness: Optional(ReadinessSchema),
  watchdog: Optional(
    Duration(
      'A worker whose event loop gives no sign for so long is killed, and comes back; at least 200ms.',
    ),
  ),
  recycle: Optional(RecycleSchema),
  quarantine: Optional(QuarantineSchema),
  autoscale: Optional(AutoscaleSchema),
  clusters: Optional(
    Type.Record(Type.String({ pattern: CLUSTER_NAME }), Type.Array(Type.String(), { minItems: 1 }), {
      description:
        'Names for several workers, such as `a: [worker-1, worker-2]`; a timeline takes them in `on`.',
    }),
  ),
};

const Mechanisms = Type.Object(MechanismProperties);
type MechanismsSection = Static<typeof Mechanisms> & {
  /** Or the user's own. */
  readonly workers?: number;
  readonly upstreams?: readonly string[];
  readonly configReaders?: readonly string[];
};

/** @param names of workers and clusters. @returns the workers, each once. */
export const membersOf = (
  names: readonly string[],
  { clusters = {} }: { readonly clusters?: Readonly<Record<string, readonly string[]>> },
): string[] => [...new Set(names.flatMap((name) => clusters[name] ?? name))];

export interface MechanismsConfig {
  /** Places for workers, of which `workers` run at first. */
  readonly maxWorkers: number;
  readonly bootDelayMs: number;
  readonly liveness: ProbeConfig | null;
  readonly readiness: ProbeConfig | null;
  readonly watchdogMs: number | null;
  readonly recycle: RecycleConfig | null;
  readonly quarantine: QuarantineConfig | null;
  readonly autoscale: AutoscaleConfig | null;
}

const orNull = <Written, Value>(
  written: Written | undefined,
  resolve: (written: Written) => Value,
): Value | null => (written === undefined ? null : resolve(written));

/** How many serve from the start; upstreams of the user's own count as workers. */
export const workersOf = ({
  workers,
  upstreams = [],
}: Pick<MechanismsSection, 'workers' | 'upstreams'>): number => workers ?? upstreams.length;

export const maxWorkersOf = (section: MechanismsSection): number =>
  section.maxWorkers ?? Math.max(workersOf(section), section.autoscale?.max ?? 0);

export const resolveMechanisms = (section: MechanismsSection): MechanismsConfig => {
  const maxWorkers = maxWorkersOf(section);
  return {
    maxWorkers,
    bootDelayMs: parseDurationMsOr(section.bootDelay, 0),
    liveness: orNull(section.liveness, resolveLiveness),
    readiness: orNull(section.readiness, resolveReadiness),
    watchdogMs: orNull(section.watchdog, parseDurationMs),
    recycle: orNull(section.recycle, resolveRecycle),
    quarantine: orNull(section.quarantine, resolveQuarantine),
    autoscale: orNull(section.autoscale, (written) =>
      resolveAutoscale(written, { workers: workersOf(section), maxWorkers }),
    ),
  };
};

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What each key is right about and all together are not. */
export const findMechanismProblems = (section: MechanismsSection): Problem[] => {
  const { maxWorkers, watchdog, recycle, autoscale } = section;
  const workers = workersOf(section);
  const problems: Problem[] = [];
  if (maxWorkers !== undefined && maxWorkers < workers) {
    problems.push({
      path: ['maxWorkers'],
      message: `is ${maxWorkers}, and there are ${workers} workers from the start; give ${workers} or more`,
    });
  }
  if (watchdog !== undefined && parseDurationMs(watchdog) < MIN_WATCHDOG_MS) {
    const message = `must be at least ${MIN_WATCHDOG_MS}ms, or a pause of the collector is a death; got ${watchdog}`;
    problems.push({ path: ['watchdog'], message });
  }
  const atRatio = recycle === undefined ? 1 : resolveRecycle(recycle).atRatio;
  if (atRatio > 1 || atRatio === 0) {
    problems.push({
      path: ['recycle', 'at'],
      message: 'is a share of the heap limit: above 0%, at most 100%',
    });
  }
  const known = workerIds(maxWorkersOf(section));
  for (const [name, members] of Object.entries(section.clusters ?? {})) {
    for (const [index, member] of members.entries()) {
      if (known.includes(member)) continue;
      const message = `there is no ${member}${thereAre(member, known)}`;
      problems.push({ path: ['clusters', name, index], message });
    }
  }
  const readers = [...known, ...Object.keys(section.clusters ?? {})];
  for (const [index, reader] of (section.configReaders ?? []).entries()) {
    if (readers.includes(reader)) continue;
    problems.push({
      path: ['configReaders', index],
      message: `there is no ${reader}${thereAre(reader, readers)}`,
    });
  }
  if (autoscale !== undefined) problems.push(...findAutoscaleProblems(section, maxWorkersOf(section)));
  return problems;
};

const findAutoscaleProblems = (section: MechanismsSection, places: number): Problem[] => {
  const written = section.autoscale!;
  const { min, max, strategy, seasonMs, targetRatio, intervalMs } = resolveAutoscale(written, {
    workers: workersOf(section),
    maxWorkers: places,
  });
  const at = (key: string, message: string): Problem => ({ path: ['autoscale', key], message });
  const problems: Problem[] = [];
  if (max > places)
    problems.push(at('max', `is ${max}, and \`maxWorkers\` is ${places}; raise \`maxWorkers\``));
  if (min > max) {
    const key = written.min === undefined ? 'max' : 'min';
    problems.push(at(key, `the least is ${min} and the most ${max}; \`min\` may not be above \`max\``));
  }
  if (targetRatio === 0) problems.push(at('target', 'must be above 0%: nobody is ever so idle'));
  if (intervalMs === 0) problems.push(at('interval', 'must be above 0s'));
  else if (seasonMs !== null && strategy === 'reactive') {
    problems.push(at('season', 'season means nothing to reactive; it belongs to predictive'));
  } else if (seasonMs !== null) {
    const problem = explainSeason(seasonMs, intervalMs);
    if (problem !== null) problems.push(at('season', `${problem}; got ${written.season}`));
  }
  return problems;
};
