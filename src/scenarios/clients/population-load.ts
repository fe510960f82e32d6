/** Enacts a population: each user one request at a time, at the moments that `population.ts` decides. */
import type { Clock, Timer } from '../../core/clock.js';
import type { RequestId, RequestRecord } from './clients.js';
import type { Population } from './population.js';

export interface PopulationParts {
  readonly population: Population;
  readonly users: number;
  readonly clock: Clock;
  /** The clock's time at which the load began. */
  readonly originMs: number;
  /** Tells the ids of its requests from those of others. */
  readonly label: string;
  /** Lives through one request of a user; `onDone` is called once. */
  readonly begin: (
    user: number,
    id: RequestId,
    arrivalMs: number,
    onDone: (record: RequestRecord) => void,
  ) => void;
  readonly onRecord: (record: RequestRecord) => void;
  /** No user asks any more, and every answer is there. */
  readonly onOver: () => void;
}

/** @returns how to end it: nobody asks any more from then on. */
export const runPopulation = (parts: PopulationParts): (() => void) => {
  const { population, users, clock, originMs, label, begin, onRecord, onOver } = parts;
  const waiting = new Map<number, Timer>();
  const asked = new Array<number>(users).fill(0);
  let active = users;
  let stopped = false;

  const retire = (): void => {
    active--;
    if (active === 0) onOver();
  };

  const ask = (user: number, atMs: number): void => {
    waiting.delete(user);
    asked[user]!++;
    population.began(user);
    begin(user, `${label}${user + 1}-${asked[user]}`, atMs, (record) => {
      onRecord(record);
      wait(user, population.ended(user, record.ok, atMs, clock.nowMs() - originMs));
    });
  };

  const wait = (user: number, atMs: number | null): void => {
    if (stopped || atMs === null) retire();
    else
      waiting.set(
        user,
        clock.after(originMs + atMs - clock.nowMs(), () => ask(user, atMs)),
      );
  };

  for (let user = 0; user < users; user++) wait(user, population.firstMs(user));
  return () => {
    stopped = true;
    for (const timer of waiting.values()) timer.cancel();
    waiting.clear();
  };
};
