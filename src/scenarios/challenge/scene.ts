/** Where a challenge happens: a gateway, workers, clients and a load as somebody sensible would have set them up, drawn by chance. */
import type { Random } from '../../core/random.js';

/** How hard a challenge is: how many causes there are to choose from, and how much else happened on that day. */
export type Level = 1 | 2 | 3;

export const LEVELS: readonly Level[] = [1, 2, 3];

export interface Scene {
  readonly level: Level;
  readonly workers: readonly string[];
  readonly slots: number;
  readonly meanMs: number;
  readonly balancer: string;
  readonly attemptMs: number;
  /** How much of what the workers can do is asked for on a quiet day. */
  readonly busyRatio: number;
  readonly heapLimitMib: number;
}

/** Milliseconds of the run. */
export interface Times {
  readonly onsetMs: number;
  /** When somebody does something, if anybody does. */
  readonly actMs: number;
  /** From when on it is looked at what that has changed. */
  readonly afterMs: number;
  readonly endMs: number;
}

/** One of several, each as likely. */
export const pick = <Item>(random: Random, items: readonly [Item, ...Item[]] | readonly Item[]): Item =>
  items[random.below(items.length)]!;

/** A whole number between two, both included. */
export const between = (random: Random, from: number, to: number): number =>
  from + random.below(to - from + 1);

export const drawScene = (random: Random, level: Level): Scene => {
  const count = between(random, 4, 6);
  return {
    level,
    workers: Array.from({ length: count }, (_, index) => `worker-${index + 1}`),
    slots: 3,
    meanMs: pick(random, [100, 120, 150]),
    balancer: pick(random, ['round-robin', 'random', 'p2c', 'least-requests']),
    attemptMs: pick(random, [1_200, 1_500]),
    // Without one of four workers the others still have room.
    busyRatio: between(random, 52, 60) / 100,
    heapLimitMib: 64,
  };
};

/** Requests a second that all workers together can do. */
export const capacityRps = ({ workers, slots, meanMs }: Scene): number =>
  (workers.length * slots * 1_000) / meanMs;

/** Requests a second on a quiet day. */
export const usualRps = (scene: Scene): number => Math.round(capacityRps(scene) * scene.busyRatio);

/** From this level on some of the requests need a third party. */
const THIRD_PARTY_FROM: Level = 2;

export const hasThirdParty = ({ level }: Pick<Scene, 'level'>): boolean => level >= THIRD_PARTY_FROM;
