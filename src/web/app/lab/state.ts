/**
 * What a live page shows, and how each message of the stream changes it. Pure: the same messages make the same state.
 *
 * A stream may begin anew at any time, with everything there was; so a message that has been taken already changes
 * nothing, and a `begin` of the same variant starts its curves over, because what follows is all of it.
 */
import type { FeedEvent, FeedMessage, Tick, VariantBegin } from '../../../scenarios/live/feed.js';
import type { Result } from '../../../scenarios/result.js';

/** What is kept of the past: as much as somebody who pokes at a lab still remembers. */
export const KEPT_S = 300;

/** Whatever the clock says, never more ticks than this: five minutes of four a second. */
export const MAX_TICKS = 1_200;

/** Lines of the list of events; older ones go. */
export const MAX_EVENTS = 500;

/** An event with a number of its own, so that a list can be drawn without looking at every line again. */
export interface ToldEvent extends FeedEvent {
  readonly id: number;
}

/** A variant that is over. Whether its thresholds hold is known when all are. */
export interface Measured {
  readonly name: string;
}

export interface LabState {
  /** `waiting`: nothing was told yet; `idle`: nothing runs. */
  readonly phase: 'waiting' | 'idle' | 'running' | 'ended';
  readonly begin: VariantBegin | null;
  /** Ascending in time, the last `KEPT_S` of them. */
  readonly ticks: readonly Tick[];
  readonly events: readonly ToldEvent[];
  /** How many events there were, also those that are no longer kept. */
  readonly eventsTold: number;
  /** Variants of this run that are over, in the order in which they ended. */
  readonly measured: readonly Measured[];
  /** Of the run that ended last, until another ends. */
  readonly result: Result | null;
  /** The same as a page shows it, packed. */
  readonly report: string | null;
  /** Why it came to nothing; `null`: it did not. */
  readonly reason: string | null;
}

export const INITIAL: LabState = {
  phase: 'waiting',
  begin: null,
  ticks: [],
  events: [],
  eventsTold: 0,
  measured: [],
  result: null,
  report: null,
  reason: null,
};

/** Whether it is another variant of the run that goes on, rather than another run. */
const isSameRun = ({ phase, begin }: LabState, next: VariantBegin): boolean =>
  phase === 'running' &&
  begin !== null &&
  begin.mode === next.mode &&
  begin.engine === next.engine &&
  begin.scenario.name === next.scenario.name;

const begun = (state: LabState, begin: VariantBegin): LabState => ({
  ...INITIAL,
  phase: 'running',
  begin,
  // Of a run that begins again with its first variant, those that were over are told again.
  measured:
    isSameRun(state, begin) && begin.variant !== begin.variants[0]
      ? state.measured.filter(({ name }) => name !== begin.variant)
      : [],
  result: state.result,
  report: state.report,
  reason: null,
});

const ticked = (state: LabState, tick: Tick): LabState => {
  const last = state.ticks.at(-1);
  if (last !== undefined && tick.t <= last.t) return state;
  const inTime = state.ticks.filter(({ t }) => t >= tick.t - KEPT_S);
  return { ...state, ticks: [...inTime, tick].slice(-MAX_TICKS) };
};

const isKnown = (events: readonly ToldEvent[], event: FeedEvent): boolean =>
  events.some(
    ({ t, eventType, text }) => t === event.t && eventType === event.eventType && text === event.text,
  );

const happened = (state: LabState, told: readonly FeedEvent[]): LabState => {
  const latest = state.events.at(-1)?.t ?? Number.NEGATIVE_INFINITY;
  // Only what is not newer than the last can have been told before; two that are alike in one message are two.
  const fresh = told.filter((event) => event.t > latest || !isKnown(state.events, event));
  if (fresh.length === 0) return state;
  const numbered = fresh.map((event, index) => ({ ...event, id: state.eventsTold + index }));
  return {
    ...state,
    events: [...state.events, ...numbered].slice(-MAX_EVENTS),
    eventsTold: state.eventsTold + fresh.length,
  };
};

export const reduce = (state: LabState, message: FeedMessage): LabState => {
  switch (message.type) {
    case 'begin':
      return begun(state, message);
    case 'tick':
      return state.phase === 'running' ? ticked(state, message) : state;
    case 'happened':
      return state.phase === 'running' ? happened(state, message.events) : state;
    case 'measured': {
      const { name } = message.result;
      const before = state.measured.filter((one) => one.name !== name);
      return { ...state, measured: [...before, { name }] };
    }
    case 'end':
      return {
        ...state,
        phase: 'ended',
        result: message.result,
        report: message.report,
        reason: message.reason,
      };
    case 'idle':
      return { ...state, phase: 'idle', begin: null, ticks: [], measured: [] };
    default:
      // A newer server may tell more than this page knows.
      return state;
  }
};
