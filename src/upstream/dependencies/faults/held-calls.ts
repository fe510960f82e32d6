/** Calls that a fault takes and does not answer for as long as it lasts. */
import { type CHOSEN, chosenBy } from '../../faults/chosen.js';
import type { Options, Undo } from '../../faults/fault.js';
import type { DependencySite, HeldCall } from '../model.js';

/** @param release what becomes of each of them at the end. */
export const holdCalls = (
  site: DependencySite,
  chosen: Options<typeof CHOSEN>,
  release: (call: HeldCall) => void,
): Undo => {
  const isChosen = chosenBy(chosen, site.random);
  const held = new Set<HeldCall>();
  const leave = site.onCall((call) => {
    if (!isChosen()) return false;
    held.add(call);
    return true;
  });
  return () => {
    leave();
    for (const call of held) release(call);
  };
};
