/** Faults of names in the timeline: `dns:` with `on` and `for`. */
import { OneOf, Optional } from '../../core/schema.js';
import { NAME_FAULT_NAMES, type NameFault } from '../../upstream/names/name-faults.js';
import { forMsOf } from './targets.js';

/** In place of a fault: what the name has is taken away. */
const HEAL = 'heal';

export const NameProperties = {
  dns: Optional(
    OneOf(
      [...NAME_FAULT_NAMES, HEAL],
      'What becomes of the names of workers; needs `on`, and the section `names`. heal: all is well again.',
    ),
  ),
};

export interface NameEntry {
  readonly dns?: NameFault | typeof HEAL;
  readonly for?: string;
}

export interface NameAction {
  readonly type: 'dns';
  readonly workers: readonly string[];
  /** `null`: healed. */
  readonly fault: NameFault | null;
  /** `null`: until it is healed. */
  readonly forMs: number | null;
}

/** @param named whether the scenario has the section `names`. */
export const findNameProblems = (
  entry: NameEntry,
  named: boolean,
): { readonly key: 'dns' | 'for'; readonly message: string }[] => {
  if (!named) {
    const message =
      'needs the section `names`, such as `names: { ttl: 5s }`: without it nobody asks for a name';
    return [{ key: 'dns', message }];
  }
  if (entry.dns === HEAL && entry.for !== undefined) {
    return [{ key: 'for', message: 'means nothing to heal, which is over when it has begun' }];
  }
  return [];
};

/** @param entry one that `findNameProblems` has nothing against. @returns `null`: it is about something else. */
export const resolveNameEntry = (
  { dns, ...entry }: NameEntry,
  workers: readonly string[],
): NameAction | null =>
  dns === undefined
    ? null
    : { type: 'dns', workers, fault: dns === HEAL ? null : dns, forMs: forMsOf(entry) };
