/**
 * How a config reaches its readers: to all at once, to one after another, or to a canary first.
 */
import { Count, Duration, OneOf, Optional, Percent, Section, type Static } from '../core/schema.js';
import { parseDurationMs, parseRatio } from '../core/units.js';

export const STRATEGY_NAMES = ['all-at-once', 'rolling', 'canary'] as const;

/** The keys of a push or a rollback that say how it goes out. */
export const StrategyProperties = {
  strategy: Optional(OneOf(STRATEGY_NAMES, 'How it reaches the readers; default all-at-once.')),
  rolling: Optional(
    Section(
      { interval: Optional(Duration('From one reader to the next; default 1s.')) },
      'For strategy rolling.',
    ),
  ),
  canary: Optional(
    Section(
      {
        readers: Optional(Count(1, 'Readers that get it first; default 1.')),
        bake: Optional(Duration('How long they are watched before the rest gets it; default 5s.')),
        maxExits: Optional(Count(0, 'Deaths among them that are still fine; default 0.')),
        maxHeap: Optional(Percent('Heap in use, of its limit, that is still fine; default 80%.')),
      },
      'For strategy canary. A canary that fails the gate is rolled back by itself.',
    ),
  ),
} as const;

export const StrategySchema = Section(StrategyProperties, 'How a config goes out.');
export type StrategySection = Static<typeof StrategySchema>;

export type Strategy =
  | { readonly name: 'all-at-once' }
  | { readonly name: 'rolling'; readonly intervalMs: number }
  | {
      readonly name: 'canary';
      readonly readers: number;
      readonly bakeMs: number;
      readonly maxExits: number;
      readonly maxHeapRatio: number;
    };

/** A rollback has no gate to pass: the version it leaves is the worse one. */
export type RollbackStrategy = Exclude<Strategy, { name: 'canary' }>;

const { canary: _, strategy: __, ...withoutCanary } = StrategyProperties;

/** The keys of a rollback that say how it goes out. */
export const RollbackProperties = {
  ...withoutCanary,
  strategy: Optional(OneOf(['all-at-once', 'rolling'], 'How it reaches the readers; default all-at-once.')),
} as const;

export const resolveRollbackStrategy = (section: Omit<StrategySection, 'canary'>): RollbackStrategy => {
  const strategy = resolveStrategy(section);
  if (strategy.name === 'canary') throw new Error('a rollback does not go out by canary');
  return strategy;
};

/**
 * Fills in the defaults. One canary, because that bounds the damage to one reader's share; no death is fine, because a
 * config change has no business killing anything; four fifths of the heap, because a process that is new to a config
 * and already there will not stop there.
 */
export const resolveStrategy = (section: StrategySection): Strategy => {
  switch (section.strategy ?? 'all-at-once') {
    case 'all-at-once':
      return { name: 'all-at-once' };
    case 'rolling':
      return { name: 'rolling', intervalMs: parseDurationMs(section.rolling?.interval ?? '1s') };
    case 'canary':
      return {
        name: 'canary',
        readers: section.canary?.readers ?? 1,
        bakeMs: parseDurationMs(section.canary?.bake ?? '5s'),
        maxExits: section.canary?.maxExits ?? 0,
        maxHeapRatio: parseRatio(section.canary?.maxHeap ?? '80%'),
      };
  }
};
