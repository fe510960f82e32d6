/** How long a request keeps its slot. */
import type { Random } from '../core/random.js';

/** Every distribution by the name a scenario uses. */
export const SERVICE_TIMES = {
  constant: (meanMs: number) => meanMs,
  exponential: (meanMs: number, random: Random) => random.exponential(meanMs),
} as const satisfies Record<string, (meanMs: number, random: Random) => number>;

export type ServiceTimeName = keyof typeof SERVICE_TIMES;

export interface ServiceTime {
  readonly distribution: ServiceTimeName;
  readonly meanMs: number;
}

export const sampleServiceTime = (serviceTime: ServiceTime, random: Random): number =>
  SERVICE_TIMES[serviceTime.distribution](serviceTime.meanMs, random);
