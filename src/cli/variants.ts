/** `--variant a,b`. */
import { UserError } from '../core/errors.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { flagList } from './flags.js';

/** @returns those of the scenario that are asked for, in its order. @throws UserError for one that it does not have. */
export const chooseVariants = (scenario: Scenario, flag: unknown): readonly Variant[] => {
  if (flag === undefined) return scenario.variants;
  const known = scenario.variants.map(({ name }) => name);
  const wanted = flagList(flag).flatMap((text) => text.split(','));
  for (const name of wanted) {
    if (!known.includes(name)) {
      throw new UserError('usage', `there is no variant "${name}"; ${scenario.name} has ${known.join(', ')}`);
    }
  }
  return scenario.variants.filter(({ name }) => wanted.includes(name));
};
