/** Variants at their targets: each with each, those of one variant beside each other. */
import { resolveGatewayConfig } from '../../gateway/config.js';
import type { Variant } from '../scenario.js';
import { type MissingTarget, type Target, targetName } from './choice.js';
import { lossesOf, neededOf } from './losses.js';
import { nameAt } from './names.js';
import type { Loss } from './target.js';

/** A variant that a target cannot be. */
export interface SkippedVariant {
  readonly variant: Variant;
  /** Its name. */
  readonly target: string;
  /** What it lacks for it; a loss without a path: the target itself is not here. */
  readonly needed: readonly Loss[];
}

export interface PlacedVariants {
  readonly variants: readonly Variant[];
  readonly skipped: readonly SkippedVariant[];
}

const placeOne = (variant: Variant, target: Target, name: string): Variant => ({
  ...variant,
  ...{ name, target, losses: lossesOf(variant, target) },
  ...(target.kind === 'naive' && {
    gateway: resolveGatewayConfig({ profile: 'naive', processes: variant.gateway.processes }),
  }),
});

/** @param missing asked for beside the targets: they count for the names, so that a name does not hang on what is installed. */
export const placeVariants = (
  variants: readonly Variant[],
  targets: readonly Target[],
  missing: readonly MissingTarget[] = [],
): PlacedVariants => {
  const isAlone = targets.length + missing.length === 1;
  const named = (variant: Variant, target: string): string =>
    isAlone ? variant.name : nameAt(variant.name, target);
  const judged = variants.flatMap((variant) => [
    ...targets.map((one): SkippedVariant => {
      const target = targetName(one);
      const placed = placeOne(variant, one, named(variant, target));
      return { variant: placed, target, needed: neededOf(placed.losses, placed, one) };
    }),
    ...missing.map(({ name: target, text }): SkippedVariant => {
      const needed: readonly Loss[] = [{ path: [], text, degree: 'missing' }];
      return { variant: { ...variant, name: named(variant, target) }, target, needed };
    }),
  ]);
  return {
    variants: judged.filter(({ needed }) => needed.length === 0).map(({ variant }) => variant),
    skipped: judged.filter(({ needed }) => needed.length > 0),
  };
};
