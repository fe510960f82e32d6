/** Whether anything happens when a scenario says that the cause of its incident was made. */
import type { Finding } from '../../core/document/schema-problems.js';
import { formatDuration } from '../../core/units.js';
import type { Variant } from '../scenario.js';
import { CAUSE_SLACK_MS } from './section.js';

/** What the check looks at. */
export type Planned = Pick<Variant, 'incident' | 'timeline' | 'load' | 'fleet'>;

/** Moments that are named. */
const MAX_NEAREST = 3;

/** Spans in which something changes; most are moments. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A ramp grows all along; a stage that does not changes the load where it begins. */
const loadSpans = ({ stages }: Variant['load']): Span[] => {
  let fromMs = 0;
  return stages.flatMap(({ fromRps, toRps, durationMs }, index) => {
    const beganMs = fromMs;
    fromMs += durationMs;
    if (fromRps !== toRps) return [{ fromMs: beganMs, toMs: fromMs }];
    return index === 0 ? [] : [{ fromMs: beganMs, toMs: beganMs }];
  });
};

const distanceMs = ({ fromMs, toMs }: Span, ms: number): number => Math.max(fromMs - ms, ms - toMs, 0);

/** Users come when they like, and a fleet may be scaled by itself: then anything can change at any time. */
const changesByItself = ({ load, fleet }: Planned): boolean =>
  load.population !== undefined || fleet.autoscale !== null;

/**
 * A variant may be without the cause, such as a healthy one; so it has to be in one of them.
 * @returns of each variant what is wrong with it; paths from the top of the scenario.
 */
export const findCauseProblems = (variants: readonly Planned[]): Finding[][] => {
  if (variants.some(changesByItself)) return variants.map(() => []);
  const spans = variants.flatMap(({ timeline, load }) => [
    ...timeline.map(({ atMs }): Span => ({ fromMs: atMs, toMs: atMs })),
    ...loadSpans(load),
  ]);
  return variants.map(({ incident: { causeMs } }) => {
    if (causeMs === null || spans.some((span) => distanceMs(span, causeMs) <= CAUSE_SLACK_MS)) return [];
    const nearest = spans
      .toSorted((a, b) => distanceMs(a, causeMs) - distanceMs(b, causeMs))
      .map(({ fromMs, toMs }) => (causeMs > toMs ? toMs : fromMs));
    const named = [...new Set(nearest)].slice(0, MAX_NEAREST).map((ms) => formatDuration(ms));
    const what = named.length === 0 ? 'nothing happens at all' : `the nearest: ${named.join(', ')}`;
    const message = `nothing in the timeline or the load changes within ${formatDuration(CAUSE_SLACK_MS)} of it; ${what}`;
    return [{ path: ['incident', 'cause'], message }];
  });
};
