/** How the moves of an adaptive limit are told: it may move with every answer, and nobody can read that. */
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';

/** Of one limit, one event in this time at most; the last of several moves is told when it is over. */
export const LIMIT_EVENT_INTERVAL_MS = 100;

export interface LimitTeller {
  readonly onChange: (limit: number) => void;
  readonly close: () => void;
}

/** @param of the limit's name. */
export const tellLimit = (of: string, clock: Clock, emit: Emit): LimitTeller => {
  let latest = Number.NaN;
  let told = Number.NaN;
  let toldMs = Number.NEGATIVE_INFINITY;
  let timer: Timer | null = null;
  const tell = (): void => {
    timer = null;
    if (latest === told) return;
    told = latest;
    toldMs = clock.nowMs();
    emit('limit.changed', { of, limit: latest });
  };
  return {
    onChange: (limit) => {
      latest = limit;
      if (timer !== null) return;
      const waitMs = toldMs + LIMIT_EVENT_INTERVAL_MS - clock.nowMs();
      if (waitMs <= 0) tell();
      else timer = clock.after(waitMs, tell);
    },
    close: () => timer?.cancel(),
  };
};
