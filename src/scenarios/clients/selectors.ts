/** Selectors over clients: `{class=web}`, `{tier=premium}`, `{route=/api}`, and several of them together. */
import { type Selector, type SelectorScope, selectorText } from '../../core/selectors.js';
import type { ClientClass } from './classes.js';

/** What a selector looks at. */
export type Selectable = Pick<ClientClass, 'name' | 'tier' | 'route'>;

const KEYS: Readonly<Record<string, (one: Selectable) => string>> = {
  class: ({ name }) => name,
  tier: ({ tier }) => tier,
  route: ({ route }) => route,
};

export const selects = (selector: Selector, one: Selectable): boolean =>
  Object.entries(selector).every(([key, value]) => KEYS[key]?.(one) === value);

/** @param classes of the variant; the one of a scenario without classes is none to select. */
export const selectorScopeOf = (classes: readonly Selectable[]): SelectorScope => {
  const named = classes.filter(({ name }) => name !== '');
  const valuesOf = (of: (one: Selectable) => string): string[] =>
    [...new Set(named.map(of))].filter((value) => value !== '');
  return {
    known: Object.fromEntries(Object.entries(KEYS).map(([key, of]) => [key, valuesOf(of)])),
    fits: (selector) => named.some((one) => selects(selector, one)),
    nothing: 'all clients are alike here: name classes under clients.classes to select from',
  };
};

/** Every selector without a class that finds something, by its text: tiers, routes, and both together. */
export const groupsOf = (classes: readonly Selectable[]): ReadonlyMap<string, Selector> => {
  const groups = new Map<string, Selector>();
  for (const { name, tier, route } of classes) {
    if (name === '') continue;
    const found: Selector[] = [{ route }, ...(tier === '' ? [] : [{ tier }, { route, tier }])];
    for (const selector of found) groups.set(selectorText(selector), selector);
  }
  return groups;
};
