/**
 * Makes virtual time pass: what is due first happens, everything that follows from it by promises settles, and then the
 * next. So two things never happen in between each other, and the same seed gives the same run, whatever the machine does.
 */
import type { VirtualClock } from './virtual-clock.js';

/**
 * Runs whatever promises and `process.nextTick` have lined up, within this turn of the event loop. Node keeps it "to
 * emulate a tick manually"; measured here at 0.4 µs, where a turn by `setImmediate` takes 1.4.
 */
const settle = (process as unknown as { _tickCallback(): void })._tickCallback;

/** Of real time. Then the thread hears its messages, and whoever waits for it sees how far it is. */
const SLICE_MS = 20;

/** Kept before anybody puts a virtual one in its place. */
const nextTurn = setImmediate;
const realNowMs = performance.now.bind(performance);

/** Turns of the event loop in which nothing was to happen, after which nothing will. */
const IDLE_TURNS = 3;

export interface DriveOptions {
  readonly clock: VirtualClock;
  /** Called between slices of work. */
  readonly onSlice?: () => void;
}

/**
 * Goes on until `done` settles.
 * @throws when nothing is left to happen and it has not: somebody waits for what is not in this world.
 */
export const drive = async <Result>(
  done: Promise<Result>,
  { clock, onSlice }: DriveOptions,
): Promise<Result> => {
  let over = false;
  const end = (): void => {
    over = true;
  };
  done.then(end, end);
  for (let idle = 0; !over; ) {
    const happened = await inTurn(() => runSlice(clock, () => over));
    idle = happened ? 0 : idle + 1;
    onSlice?.();
    if (idle >= IDLE_TURNS && !over)
      throw new Error(`nothing is left to happen at ${clock.nowMs()} ms, and the run is not over`);
  }
  return done;
};

/** In a turn of its own: within the turn of a promise, nothing that promises have lined up is run. */
const inTurn = <Result>(work: () => Result): Promise<Result> =>
  new Promise((resolve, reject) => {
    nextTurn(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });

/** @returns whether anything happened. */
const runSlice = (clock: VirtualClock, isOver: () => boolean): boolean => {
  const untilMs = realNowMs() + SLICE_MS;
  let happened = false;
  settle();
  // The clock of the machine is read now and then: it costs as much as an event.
  for (let events = 0; !isOver(); events++) {
    if ((events & 63) === 63 && realNowMs() >= untilMs) break;
    if (!clock.step()) break;
    happened = true;
    settle();
  }
  return happened;
};
