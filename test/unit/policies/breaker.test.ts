/**
 * The breaker: what opossum does to those who wrap concurrent requests in it, and that ours does not fall in. opossum
 * keeps time by timers of its own, so time is faked here.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../../src/core/errors.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { Breaker, type BreakerOptions, type CircuitState } from '../../../src/policies/breaker.js';
import type { Outcome, Permit } from '../../../src/policies/outcome.js';
import { Call } from '../../../src/policies/service.js';
import { mockResponse, REQUEST } from '../../support/mock-service.js';

const OPTIONS: BreakerOptions = { errorRatio: 0.5, minRequests: 4, windowMs: 1_000, openMs: 500 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const make = (options: Partial<BreakerOptions> = {}) => {
  const changes: CircuitState[] = [];
  const breaker = new Breaker('upstream-1', { ...OPTIONS, ...options }, (state) => changes.push(state));
  return { breaker, changes };
};

const admit = (breaker: Breaker): Permit => {
  const permit = breaker.admit();
  expect(permit).not.toBeNull();
  return permit!;
};

/** The circuit knows of each at once: nothing is awaited. */
const end = (breaker: Breaker, ...outcomes: Outcome[]): void => {
  for (const outcome of outcomes) admit(breaker).end(outcome);
};

const open = (breaker: Breaker): void => {
  end(breaker, 'failure', 'failure', 'failure', 'failure');
  expect(breaker.state).toBe('open');
};

describe('a closed circuit', () => {
  it.each<readonly [outcomes: Outcome[], state: CircuitState]>([
    [['failure', 'failure', 'failure'], 'closed'],
    [['failure', 'failure', 'failure', 'failure'], 'open'],
    [['success', 'success', 'failure', 'failure'], 'closed'],
    [['success', 'success', 'failure', 'failure', 'failure'], 'open'],
    [['ignored', 'ignored', 'failure', 'failure', 'failure'], 'closed'],
  ])('after %j is %s: volume threshold set, share above, ignored neither', async (outcomes, state) => {
    const { breaker } = make();
    end(breaker, ...outcomes);
    expect(breaker.state).toBe(state);
  });

  it('says how many of how many failed when it opens', () => {
    const counts: unknown[] = [];
    const breaker = new Breaker('upstream-1', OPTIONS, (state, counted) => counts.push([state, counted]));
    end(breaker, 'success', 'ignored', 'success', 'failure', 'failure', 'failure');
    expect(counts).toEqual([['open', { from: 'closed', failed: 3, outcomes: 5 }]]);
  });

  it('says that it was half-open when its trial fails', () => {
    const opened: unknown[] = [];
    const breaker = new Breaker('upstream-1', OPTIONS, (state, { from }) => opened.push([from, state]));
    open(breaker);
    vi.advanceTimersByTime(OPTIONS.openMs);
    end(breaker, 'failure');
    expect(opened).toEqual([
      ['closed', 'open'],
      ['open', 'half-open'],
      ['half-open', 'open'],
    ]);
  });

  it('does not open by the first failure of all, as opossum does by default', async () => {
    const { breaker } = make();
    end(breaker, 'failure');
    expect(breaker.state).toBe('closed');
  });

  it('forgets failures older than its window, after an idle time too', async () => {
    const { breaker } = make();
    end(breaker, 'failure', 'failure', 'failure');
    await vi.advanceTimersByTimeAsync(5_000);
    end(breaker, 'failure');
    expect(breaker.state).toBe('closed');
  });

  it('is not opened by refusals: a healthy upstream under too many calls stays closed', async () => {
    const { breaker } = make();
    const layer = breaker.layer(async () => {
      throw new GatewayError('BGW_ERR_CONCURRENCY_LIMIT');
    });
    const clock = new VirtualClock();
    for (let count = 0; count < 40; count++) {
      await layer(REQUEST, new Call('ray', clock)).catch(() => {});
    }
    expect(breaker.state).toBe('closed');
  });

  it('keeps no latencies to sort: a failure among fifty thousand costs no more than one among ten', async () => {
    const { breaker } = make({ minRequests: 1_000_000 });
    const sort = vi.spyOn(Array.prototype, 'sort');
    end(breaker, ...new Array<Outcome>(200).fill('failure'));
    expect(sort).not.toHaveBeenCalled();
    sort.mockRestore();
  });
});

describe('an open circuit', () => {
  it('refuses without asking the upstream, with BGW_ERR_CIRCUIT_OPEN', async () => {
    const { breaker } = make();
    open(breaker);
    const upstream = vi.fn(async () => mockResponse(200));
    await expect(breaker.layer(upstream)(REQUEST, new Call('ray', new VirtualClock()))).rejects.toMatchObject(
      {
        code: 'BGW_ERR_CIRCUIT_OPEN',
      },
    );
    expect(upstream).not.toHaveBeenCalled();
  });

  it('is half-open after its time, and not before', async () => {
    const { breaker } = make();
    open(breaker);
    await vi.advanceTimersByTimeAsync(499);
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(breaker.state).toBe('half-open');
  });

  it('is not diluted by what it refuses: the window holds outcomes only', async () => {
    const { breaker } = make();
    open(breaker);
    for (let count = 0; count < 100; count++) expect(breaker.admit()).toBeNull();
    await vi.advanceTimersByTimeAsync(500);
    end(breaker, 'success');
    expect(breaker.state).toBe('closed');
    end(breaker, 'failure');
    expect(breaker.state, 'four failures and one success are in the window').toBe('open');
  });
});

describe('a half-open circuit', () => {
  const halfOpen = async () => {
    const made = make();
    open(made.breaker);
    await vi.advanceTimersByTimeAsync(500);
    return made;
  };

  it('lets one trial through, whoever else asks', async () => {
    const { breaker } = await halfOpen();
    const trial = admit(breaker);
    for (let count = 0; count < 10; count++) expect(breaker.admit()).toBeNull();
    trial.end('success');
    expect(breaker.state).toBe('closed');
  });

  it('opens again by a failed trial, for the whole time', async () => {
    const { breaker, changes } = await halfOpen();
    end(breaker, 'failure');
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(499);
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(changes).toEqual(['open', 'half-open', 'open', 'half-open']);
  });

  it('is not closed by the late success of a call from before it opened', async () => {
    const { breaker } = make();
    const early = admit(breaker);
    open(breaker);
    await vi.advanceTimersByTimeAsync(500);
    early.end('success');
    expect(breaker.state).toBe('half-open');
  });

  it('is not opened by the late failure of a call from before it opened', async () => {
    const { breaker } = make();
    const early = admit(breaker);
    open(breaker);
    await vi.advanceTimersByTimeAsync(500);
    early.end('failure');
    expect(breaker.state).toBe('half-open');
    expect(breaker.admits).toBe(true);
  });

  it('does not stick when its trial says nothing, because the client left: the next request is the trial', async () => {
    const { breaker } = await halfOpen();
    end(breaker, 'ignored');
    expect(breaker.state).toBe('half-open');
    end(breaker, 'success');
    expect(breaker.state).toBe('closed');
  });
});

describe('concurrent requests', () => {
  it('are each cancelled on their own: one that is late takes no other along', async () => {
    const { breaker } = make();
    const clock = new VirtualClock();
    const pending: ((status: number) => void)[] = [];
    const layer = breaker.layer(
      (_request, call) =>
        new Promise((resolve, reject) => {
          call.onCancel(reject);
          pending.push((status) => resolve(mockResponse(status)));
        }),
    );
    const [late, good] = [new Call('late', clock), new Call('good', clock)];
    const answers = [layer(REQUEST, late).catch((error: GatewayError) => error.code), layer(REQUEST, good)];
    late.cancel(new GatewayError('BGW_ERR_RESPONSE_TIMEOUT'));
    pending[1]!(200);
    expect(await answers[0]).toBe('BGW_ERR_RESPONSE_TIMEOUT');
    expect(await answers[1]).toMatchObject({ statusCode: 200 });
  });

  it('never have more than one trial in a half-open circuit, and a refused one never runs', async () => {
    const step = fc.constantFrom('begin', 'success', 'failure', 'ignored', 'wait');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { breaker } = make({ openMs: 10, windowMs: 100, minRequests: 2 });
        const running: { permit: Permit; period: number }[] = [];
        let trials = 0;
        let period = 0;
        let last: CircuitState = 'closed';
        for (const one of steps) {
          if (breaker.state !== last) {
            last = breaker.state;
            period++;
            trials = 0;
          }
          if (one === 'begin') {
            const { state } = breaker;
            const permit = breaker.admit();
            if (state === 'open') expect(permit).toBeNull();
            if (permit === null) continue;
            if (state === 'half-open') expect(++trials).toBe(1);
            running.push({ permit, period });
          } else if (one === 'wait') {
            await vi.advanceTimersByTimeAsync(10);
          } else {
            const ended = running.shift();
            if (ended === undefined) continue;
            if (breaker.state === 'half-open' && ended.period === period) trials--;
            ended.permit.end(one);
          }
        }
        breaker.close();
      }),
      { numRuns: 100 },
    );
  });
});

describe('a breaker that is closed down', () => {
  it('leaves no timer behind', async () => {
    const { breaker } = make();
    open(breaker);
    breaker.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the time until the next trial', () => {
  it('is known while the circuit is open, by the clock that it was given', () => {
    const clock = new VirtualClock();
    const breaker = new Breaker('upstream-1', OPTIONS, () => {}, clock);
    expect(breaker.trialInMs(clock.nowMs())).toBeNull();
    open(breaker);
    expect(breaker.trialInMs(clock.nowMs())).toBe(500);
    expect(breaker.trialInMs(clock.nowMs() + 200)).toBe(300);
    // A timer that is late is not in the past.
    expect(breaker.trialInMs(clock.nowMs() + 900)).toBe(0);
    vi.advanceTimersByTime(500);
    expect(breaker.trialInMs(clock.nowMs() + 500)).toBeNull();
  });

  it('is not known without a clock', () => {
    const { breaker } = make();
    open(breaker);
    expect(breaker.trialInMs(0)).toBeNull();
  });
});
