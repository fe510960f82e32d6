/** What is done to a gateway or to the edge in the timeline: `disrupt` with `on` and `for`. */
import { OneOf, Optional } from '../core/schema.js';
import { formatFor } from '../core/units.js';
import type { EntryProblem } from './timeline.js';
import { findUnknownTargets, forMsOf, targetsOf } from './timeline-targets.js';

export const DISRUPTIONS = ['kill', 'stop', 'block'] as const;

export type DisruptionKind = (typeof DISRUPTIONS)[number];

export const FrontActionProperties = {
  disrupt: Optional(
    OneOf(
      DISRUPTIONS,
      'What is done to a gateway or the edge: kill, it is gone for so long; stop, it stands still; block, it burns its processor and does nothing else.',
    ),
  ),
};

export interface FrontEntry {
  readonly disrupt?: DisruptionKind;
  readonly on?: string | readonly string[];
  readonly for?: string;
}

export interface FrontAction {
  readonly type: 'disrupt';
  readonly kind: DisruptionKind;
  /** `gateway-1`, or `edge`. */
  readonly targets: readonly string[];
  /** `null`: to the end of the run. */
  readonly forMs: number | null;
}

/** @param front every gateway there is, and the edge, with the number of its processes. */
export const checkFrontEntry = (entry: FrontEntry, front: ReadonlyMap<string, number>): EntryProblem[] => {
  const targets = targetsOf(entry);
  if (targets.length === 0) return [{ key: 'disrupt', message: 'needs `on`, such as gateway-1' }];
  const unknown = findUnknownTargets(entry, [...front.keys()]);
  if (unknown.length > 0) return unknown;
  const shared = targets.find((target) => front.get(target)! > 1);
  if (entry.disrupt !== 'kill' && shared !== undefined) {
    const message = `${shared} has ${front.get(shared)} processes, and ${entry.disrupt} meets one; kill it, or give it one`;
    return [{ key: 'disrupt', message }];
  }
  if (entry.disrupt === 'block' && entry.for === undefined) {
    return [
      { key: 'disrupt', message: 'needs `for`, how long it lasts: nothing reaches the gateway until then' },
    ];
  }
  return [];
};

/** @returns `null` for an entry that does nothing to the front. */
export const resolveFrontEntry = (entry: FrontEntry): FrontAction | null =>
  entry.disrupt === undefined
    ? null
    : {
        type: 'disrupt',
        kind: entry.disrupt,
        targets: targetsOf(entry),
        forMs: forMsOf(entry),
      };

/** For people. */
export const frontActionText = ({ kind, targets, forMs }: FrontAction): string =>
  `${kind} ${targets.join(', ')}${formatFor(forMs)}`;
