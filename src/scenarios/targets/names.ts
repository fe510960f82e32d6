/** Names of variants where a run has several targets: each says its target too. */

/** Between a variant's name and its target's, where there are several targets. */
const AT = '@';

/** `canary@nginx` → `canary`. */
export const variantInFile = (name: string): string => name.split(AT)[0]!;

/** Another variant of the file at the same target. */
export const besideAt = (name: string, other: string): string => {
  const at = name.indexOf(AT);
  return at === -1 ? other : `${other}${name.slice(at)}`;
};

export const nameAt = (variant: string, target: string): string => `${variant}${AT}${target}`;

/** Those of one target together, in their order. */
export const byTarget = <One extends { readonly target?: string }>(variants: readonly One[]): One[][] => {
  const groups = new Map<string, One[]>();
  for (const variant of variants) {
    const { target = '' } = variant;
    groups.set(target, [...(groups.get(target) ?? []), variant]);
  }
  return [...groups.values()];
};
