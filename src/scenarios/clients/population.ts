/**
 * A population: users who are there all the time, as in a closed-loop test. A user asks, waits for the answer, thinks,
 * and asks again; so a slow system is asked less, which an open loop does not show, and there are never more requests in
 * flight than users. Some users have enough at some point, and do not come back.
 *
 * This file decides and knows neither time nor timers; `population-load.ts` enacts it. Every user has random numbers of
 * its own, so that what becomes of one does not change what another does.
 */
import type { Finding } from '../../core/document/schema-problems.js';
import type { Random } from '../../core/random.js';
import { Count, Duration, Optional, Section, type Static } from '../../core/schema.js';
import { parseDurationMsOr } from '../../core/units.js';
import { sampleServiceTime as sample, type ServiceTime as Time } from '../../upstream/service-time.js';
import { resolveServiceTime as resolveTime, serviceTimeSchema } from '../../upstream/service-time-section.js';

/**
 * Each user may hold a connection and a timer: so many fit into one process and its default limit of open files twice.
 * More are refused with the file.
 */
export const MAX_USERS = 5_000;

const timeSection = (what: string) => serviceTimeSchema(what, 'Mean.');

export const PopulationSchema = Section(
  {
    users: Count(1, 'How many there are. Never more requests than that are in flight.'),
    for: Optional(Duration('How long they are there; default as long as the stages.')),
    think: Optional(
      timeSection(
        'From an answer to the next request, and before the first; default exponential with a mean of 1s.',
      ),
    ),
    session: Optional(
      Section(
        {
          requests: Optional(Count(1, 'Requests of one session; default 10.')),
          pause: Optional(timeSection('From one session to the next; default as think.')),
        },
        'Requests of a user that belong together. A session is lost when one of them fails.',
      ),
    ),
    leavesAfter: Optional(
      Section(
        {
          failures: Optional(Count(1, 'Failed requests in a row.')),
          outage: Optional(Duration('Time without a good answer, from the first request that got none.')),
        },
        'When a user gives up for good: whichever comes first; default never.',
      ),
    ),
  },
  'Users who ask, wait and think: a closed loop.',
);

export type PopulationSection = Static<typeof PopulationSchema>;

export interface PopulationPlan {
  readonly users: number;
  readonly durationMs: number;
  readonly think: Time;
  readonly sessionRequests: number;
  readonly pause: Time;
  /** `null`: never. */
  readonly leavesAfterFailures: number | null;
  /** `null`: never. */
  readonly leavesAfterMs: number | null;
}

/**
 * TPC-W's users think for 7 s on average, exponentially distributed; 1 s of that on the compressed clock of a scenario.
 */
const DEFAULT_THINK: Time = { distribution: 'exponential', meanMs: 1_000 };

/** Pages of a visit to a shop, about. */
const DEFAULT_SESSION_REQUESTS = 10;

/** @param around the load's scale, and how long its stages last. */
export const resolvePopulation = (
  section: PopulationSection,
  around: { readonly scale: number; readonly stagesMs: number },
): PopulationPlan => {
  const think = resolveTime(section.think, DEFAULT_THINK);
  const { failures, outage } = section.leavesAfter ?? {};
  return {
    users: Math.max(1, Math.round(section.users * around.scale)),
    durationMs: parseDurationMsOr(section.for, around.stagesMs),
    think,
    sessionRequests: section.session?.requests ?? DEFAULT_SESSION_REQUESTS,
    pause: resolveTime(section.session?.pause, think),
    leavesAfterFailures: failures ?? null,
    leavesAfterMs: parseDurationMsOr(outage, null),
  };
};

/** What the schema cannot say of the section; paths from there. */
export const checkPopulation = (section: PopulationSection, scale: number, hasStages: boolean): Finding[] => {
  const findings: Finding[] = [];
  if (section.for === undefined && !hasStages) {
    findings.push({
      path: [],
      message: 'needs `for`, how long the users are there, where there are no stages',
    });
  }
  const users = Math.round(section.users * scale);
  if (users > MAX_USERS)
    findings.push({ path: ['users'], message: `at most ${MAX_USERS} users, got ${users}` });
  if (section.leavesAfter !== undefined && Object.keys(section.leavesAfter).length === 0) {
    findings.push({ path: ['leavesAfter'], message: 'needs `failures`, `outage`, or both' });
  }
  return findings;
};

/** A session counts when its first request is sent. */
export interface PopulationCounts {
  readonly users: number;
  /** Users who gave up for good. */
  readonly usersLost: number;
  readonly sessions: number;
  /** In which a request failed. */
  readonly sessionsFailed: number;
}

interface User {
  readonly random: Random;
  /** Requests of its session that have begun. */
  begun: number;
  sessionFailed: boolean;
  failuresInRow: number;
  /** When the first request was sent of those that failed in a row. */
  failingSinceMs: number;
}

/** Times are milliseconds since the load began. */
export class Population {
  readonly #plan: PopulationPlan;
  readonly #users: readonly User[];
  #usersLost = 0;
  #sessions = 0;
  #sessionsFailed = 0;

  /** @param users how many of the plan's; they may be one class of them. */
  constructor(plan: PopulationPlan, users: number, random: Random) {
    this.#plan = plan;
    this.#users = Array.from({ length: users }, (_, index) => ({
      random: random.fork(`user ${index}`),
      begun: 0,
      sessionFailed: false,
      failuresInRow: 0,
      failingSinceMs: 0,
    }));
  }

  get counts(): PopulationCounts {
    return {
      users: this.#users.length,
      usersLost: this.#usersLost,
      sessions: this.#sessions,
      sessionsFailed: this.#sessionsFailed,
    };
  }

  /** When a user asks for the first time; `null`: never, since all is over before. */
  firstMs(user: number): number | null {
    // A think time before it, and not all at once: with exponential ones, it is from the start as it will be.
    return this.#unlessOver(sample(this.#plan.think, this.#users[user]!.random));
  }

  /** A user asks. */
  began(user: number): void {
    const state = this.#users[user]!;
    if (state.begun === 0) this.#sessions++;
    state.begun++;
  }

  /**
   * What a user asked for has ended.
   * @param sentMs when it was asked for.
   * @returns when the user asks again; `null`: never.
   */
  ended(user: number, ok: boolean, sentMs: number, nowMs: number): number | null {
    const state = this.#users[user]!;
    if (ok) state.failuresInRow = 0;
    else if (this.#leaves(state, sentMs, nowMs)) {
      this.#usersLost++;
      return null;
    }
    const sessionOver = state.begun >= this.#plan.sessionRequests;
    if (sessionOver) {
      state.begun = 0;
      state.sessionFailed = false;
    }
    return this.#unlessOver(nowMs + sample(sessionOver ? this.#plan.pause : this.#plan.think, state.random));
  }

  #leaves(state: User, sentMs: number, nowMs: number): boolean {
    if (!state.sessionFailed) this.#sessionsFailed++;
    state.sessionFailed = true;
    if (state.failuresInRow === 0) state.failingSinceMs = sentMs;
    state.failuresInRow++;
    const { leavesAfterFailures, leavesAfterMs } = this.#plan;
    return (
      (leavesAfterFailures !== null && state.failuresInRow >= leavesAfterFailures) ||
      (leavesAfterMs !== null && nowMs - state.failingSinceMs >= leavesAfterMs)
    );
  }

  #unlessOver(atMs: number): number | null {
    return atMs < this.#plan.durationMs ? atMs : null;
  }
}

/** How many of the users are in each class: their shares, and what is left over from the first class that is owed most. */
export const usersByClass = (users: number, shareRatios: readonly number[]): number[] => {
  const whole = shareRatios.map((share) => Math.floor(users * share));
  const left = users - whole.reduce((sum, count) => sum + count, 0);
  const owed = shareRatios
    .map((share, index) => ({ index, rest: users * share - whole[index]! }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index)
    .slice(0, left);
  for (const { index } of owed) whole[index]!++;
  return whole;
};
