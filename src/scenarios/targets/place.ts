/** Variants at their targets: each with each, those of one variant beside each other. */
import { resolveGatewayConfig } from '../../gateway/config.js';
import type { Variant } from '../scenario.js';
import { type Target, targetName } from './choice.js';
import { lossesOf, neededOf } from './losses.js';
import { nameAt } from './names.js';
import type { Loss } from './target.js';

/** A variant that a target cannot be. */
export interface SkippedVariant {
  readonly variant: Variant;
  /** What it lacks for it. */
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

export const placeVariants = (variants: readonly Variant[], targets: readonly Target[]): PlacedVariants => {
  const placed = variants.flatMap((variant) =>
    targets.map((target) =>
      placeOne(
        variant,
        target,
        targets.length === 1 ? variant.name : nameAt(variant.name, targetName(target)),
      ),
    ),
  );
  const judged = placed.map((variant) => ({ variant, needed: neededOf(variant.losses, variant) }));
  return {
    variants: judged.filter(({ needed }) => needed.length === 0).map(({ variant }) => variant),
    skipped: judged.filter(({ needed }) => needed.length > 0),
  };
};
