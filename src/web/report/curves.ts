/** The series of a variant as columns, in as many points as a page has room for. */
import type { SeriesPoint, VariantResult } from '../../scenarios/result.js';
import { OUTCOMES, outcomeOf } from '../app/parts/palette.js';
import type { Curves, WorkerCurves } from '../app/report/report-data.js';

/** Lines that can still be told from each other, with dashes; of a larger fleet those in trouble are shown. */
export const MAX_WORKERS = 16;

const sum = (points: readonly SeriesPoint[], of: (point: SeriesPoint) => number): number =>
  points.reduce((total, point) => total + of(point), 0);

const most = (values: readonly (number | null)[]): number | null =>
  values.reduce((top, value) => (value !== null && (top === null || value > top) ? value : top), null);

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

/** So many points as one: counts are added up, of everything else the highest is kept. */
const inGroups = (series: readonly SeriesPoint[], size: number): SeriesPoint[][] =>
  Array.from({ length: Math.ceil(series.length / size) }, (_, index) =>
    series.slice(index * size, (index + 1) * size),
  );

/** Those that died or were given a fault first, then in their order. */
export const shownWorkers = ({ series, events }: Pick<VariantResult, 'series' | 'events'>): string[] => {
  const all = series[0]?.workers.map(({ worker }) => worker) ?? [];
  if (all.length <= MAX_WORKERS) return all;
  const troubled = new Set(
    events
      .filter(({ type }) => type === 'worker.exited' || type === 'fault.injected')
      .map((event) => String((event as { worker?: unknown }).worker)),
  );
  const chosen = new Set([...all.filter((one) => troubled.has(one)), ...all].slice(0, MAX_WORKERS));
  return all.filter((one) => chosen.has(one));
};

const workerCurves = (groups: readonly SeriesPoint[][], id: string): WorkerCurves => {
  const of = (key: 'heapBytes' | 'busy' | 'queued') =>
    groups.map((group) =>
      most(group.map(({ workers }) => workers.find(({ worker }) => worker === id)?.[key] ?? null)),
    );
  const counts = (key: 'busy' | 'queued'): number[] => of(key).map((value) => value ?? 0);
  return { id, heap: of('heapBytes'), busy: counts('busy'), queued: counts('queued') };
};

/** @param maxPoints more are merged. @returns also how many buckets of the series one point is. */
export const curvesOf = (
  variant: VariantResult,
  maxPoints: number,
): { readonly curves: Curves; readonly merged: number } => {
  const { series, bucketMs, heapLimitBytes = null } = variant;
  const merged = Math.max(1, Math.ceil(series.length / maxPoints));
  const groups = inGroups(series, merged);
  const pointS = (bucketMs / 1_000) * merged;
  const quantile = (name: 'p50' | 'p99') =>
    groups.map((group) => {
      const top = most(group.map(({ latencyMs }) => (latencyMs.max === 0 ? null : latencyMs[name])));
      return top === null ? null : rounded(top, 1);
    });
  const triesOf = (group: readonly SeriesPoint[]): number | null => {
    const offered = sum(group, (point) => point.offered);
    return offered === 0 ? null : rounded(sum(group, ({ tries = 0 }) => tries) / offered, 2);
  };
  return {
    merged,
    curves: {
      times: groups.map(([first]) => rounded(first!.t + pointS / 2, 3)),
      pointS,
      offered: groups.map((group) => sum(group, ({ offered }) => offered)),
      outcomes: OUTCOMES.map(({ key }) =>
        groups.map((group) =>
          sum(group, ({ status }) =>
            Object.entries(status).reduce(
              (count, [name, requests]) => (outcomeOf(name) === key ? count + requests : count),
              0,
            ),
          ),
        ),
      ),
      p50: quantile('p50'),
      p99: quantile('p99'),
      tries: series.some(({ tries }) => tries !== undefined) ? groups.map(triesOf) : null,
      workers: shownWorkers(variant).map((id) => workerCurves(groups, id)),
      heapLimitBytes,
    },
  };
};
