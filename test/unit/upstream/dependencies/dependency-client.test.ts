/** How a worker calls its dependencies, in virtual time: which requests do, and what each policy makes of a bad call. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { Random } from '../../../../src/core/random.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { DependencyClients } from '../../../../src/upstream/dependencies/client.js';
import { answerOf, type Consulted } from '../../../../src/upstream/dependencies/consulted.js';
import type { DependencyTarget, DependencyUse } from '../../../../src/upstream/dependencies/messages.js';
import { turn } from '../../../support/limited-service.js';
import { mockService } from '../../../support/mock-service.js';

const USE: DependencyUse = {
  share: 1,
  path: '',
  pool: null,
  acquireTimeoutMs: null,
  timeoutMs: null,
  breaker: null,
  bulkhead: null,
  fallback: 'none',
  status: 503,
};

const target = (name: string, use: Partial<DependencyUse> = {}): DependencyTarget => ({
  name,
  kind: 'database',
  host: '127.0.0.1',
  port: 0,
  use: { ...USE, ...use },
});

interface Asked {
  consulted?: readonly Consulted[];
  cancel(): void;
}

/** Calls end where the test ends them. */
const clientsOf = (...targets: DependencyTarget[]) => {
  const clock = new VirtualClock();
  const { service, pending } = mockService();
  const circuits: string[] = [];
  const clients = new DependencyClients(targets, {
    clock,
    random: new Random(5),
    onCircuit: (dependency, state) => circuits.push(`${dependency} ${state}`),
    traced: true,
    wires: { database: () => service, 'third-party': () => service },
  });
  const ask = (path = '/'): Asked => {
    const { done, cancel } = clients.consult(path);
    const asked: Asked = { cancel };
    void done.then((consulted) => {
      asked.consulted = consulted;
    });
    return asked;
  };
  return { clock, clients, ask, pending, circuits };
};

const outcomes = ({ consulted }: Asked): string[] | undefined =>
  consulted?.map(({ dependency, outcome, cause }) => `${dependency} ${outcome} ${cause}`.trim());

describe('a request', () => {
  it('tells whoever watches when each of its calls begins and what became of it', async () => {
    const { clients, pending } = clientsOf(target('store'), target('payments'));
    const told: string[] = [];
    const { done } = clients.consult('/', ({ name }) => {
      told.push(`${name} begins`);
      return {
        sent: () => void told.push(`${name} is sent`),
        ended: ({ outcome }) => void told.push(`${name} ${outcome}`),
      };
    });
    expect(told[0]).toBe('store begins');
    await turn();
    expect(told).toEqual(['store begins', 'store is sent']);
    pending[0]!.respond(200);
    await turn();
    expect(told.slice(2)).toEqual(['store answered', 'payments begins', 'payments is sent']);
    pending[1]!.respond(500);
    await done;
    expect(told.at(-1)).toBe('payments failed');
  });

  it('calls what it needs one after another, in order', async () => {
    const { ask, pending } = clientsOf(
      target('store'),
      target('mail', { path: '/mail' }),
      target('payments'),
    );
    const asked = ask('/checkout');
    await turn();
    expect(pending.length).toBe(1);
    pending[0]!.respond(200);
    await turn();
    expect(pending.length).toBe(2);
    expect(asked.consulted).toBeUndefined();
    pending[1]!.respond(200);
    await turn();
    expect(outcomes(asked)).toEqual(['store answered', 'payments answered']);
  });

  it('calls nothing more after one has failed', async () => {
    const { ask, pending } = clientsOf(target('store'), target('payments'));
    const asked = ask();
    await turn();
    pending[0]!.respond(500);
    await turn();
    expect(outcomes(asked)).toEqual(['store failed upstream_response']);
    expect(pending.length).toBe(1);
  });

  it('whose sender is gone gives up the call under way, and makes no other', async () => {
    const { ask, pending } = clientsOf(target('store'), target('payments'));
    const asked = ask();
    await turn();
    asked.cancel();
    await turn();
    expect(outcomes(asked)).toEqual(['store failed client_left']);
    expect(pending.length).toBe(1);
  });

  it('needs a dependency by its path and in its share, the same for a seed', async () => {
    const count = (): number[] => {
      const { ask, pending } = clientsOf(target('store', { path: '/checkout', share: 0.3 }));
      const needed: number[] = [];
      for (let index = 0; index < 400; index++) {
        const before = pending.length;
        ask('/other');
        expect(pending.length).toBe(before);
        ask('/checkout?item=1');
        if (pending.length > before) needed.push(index);
      }
      return needed;
    };
    const needed = count();
    expect(needed.length).toBeGreaterThan(80);
    expect(needed.length).toBeLessThan(160);
    expect(count()).toEqual(needed);
  });
});

describe('a call without a timeout', () => {
  it('waits for as long as it takes, and so does whoever waits for its connection', async () => {
    const { ask, clock, pending } = clientsOf(target('store', { pool: 1 }));
    const [first, second] = [ask(), ask()];
    await turn();
    clock.advance(3_600_000);
    await turn();
    expect(pending.length).toBe(1);
    pending[0]!.respond(200).finish();
    await turn();
    expect(pending.length).toBe(2);
    pending[1]!.respond(200).finish();
    await turn();
    expect(outcomes(first)).toEqual(['store answered']);
    expect(outcomes(second)).toEqual(['store answered']);
  });
});

describe('an acquire timeout', () => {
  it('ends the wait for a connection, and leaves the call that has one alone', async () => {
    const { ask, clock, pending } = clientsOf(target('store', { pool: 1, acquireTimeoutMs: 200 }));
    const [first, second] = [ask(), ask()];
    await turn();
    clock.advance(199);
    await turn();
    expect(second.consulted).toBeUndefined();
    clock.advance(1);
    await turn();
    expect(outcomes(second)).toEqual(['store failed connect_timeout']);
    expect(first.consulted).toBeUndefined();
    pending[0]!.respond(200);
    await turn();
    expect(outcomes(first)).toEqual(['store answered']);
  });

  it('is a failure in the eyes of the breaker, which then turns calls away at once', async () => {
    const breaker = { errorRatio: 0.5, minRequests: 2, windowMs: 10_000, openMs: 30_000 };
    const { ask, clock, circuits } = clientsOf(target('store', { pool: 1, acquireTimeoutMs: 200, breaker }));
    const asked = [ask(), ask(), ask()];
    await turn();
    clock.advance(200);
    await turn();
    expect(asked.slice(1).map(outcomes)).toEqual([
      ['store failed connect_timeout'],
      ['store failed connect_timeout'],
    ]);
    expect(circuits).toEqual(['store open']);
    const refused = ask();
    await turn();
    expect(outcomes(refused)).toEqual(['store failed circuit_open']);
  });
});

describe('a timeout', () => {
  it('ends a call, and its connection serves the next one', async () => {
    const { ask, clock, pending } = clientsOf(target('store', { pool: 1, timeoutMs: 100 }));
    const first = ask();
    await turn();
    clock.advance(100);
    await turn();
    expect(outcomes(first)).toEqual(['store failed response_timeout']);
    const second = ask();
    await turn();
    pending[1]!.respond(200);
    await turn();
    expect(outcomes(second)).toEqual(['store answered']);
  });

  it('counts the wait for a connection', async () => {
    const { ask, clock } = clientsOf(target('store', { pool: 1, timeoutMs: 100 }));
    ask();
    await turn();
    clock.advance(60);
    const second = ask();
    await turn();
    clock.advance(100);
    await turn();
    expect(outcomes(second)).toEqual(['store failed response_timeout']);
  });
});

describe('a bulkhead', () => {
  it('never has more calls under way than it may, and refuses the rest at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom('ask', 'answer', 'fail'), { maxLength: 40 }),
        async (bulkhead, steps) => {
          const { ask, pending } = clientsOf(target('store', { bulkhead }));
          const asked: Asked[] = [];
          let ended = 0;
          for (const step of steps) {
            if (step === 'ask') asked.push(ask());
            else if (ended < pending.length) {
              const one = pending[ended++]!;
              if (step === 'answer') one.respond(200);
              else one.fail(new GatewayError('BGW_ERR_CONNECTION_RESET'));
            }
            await turn();
            expect(pending.length - ended).toBeLessThanOrEqual(bulkhead);
          }
          const refused = asked.filter((one) => outcomes(one)?.[0]?.endsWith('concurrency_limit'));
          expect(refused.length + pending.length).toBe(asked.length);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a fallback', () => {
  it('`reduced` is always there', async () => {
    const { ask, pending } = clientsOf(target('store', { fallback: 'reduced' }));
    const asked = ask();
    await turn();
    pending[0]!.respond(503);
    await turn();
    expect(outcomes(asked)).toEqual(['store reduced upstream_response']);
  });

  it('`cached` is there for paths that had a good answer', async () => {
    const { ask, pending } = clientsOf(target('store', { fallback: 'cached' }));
    ask('/known');
    await turn();
    pending[0]!.respond(200);
    await turn();
    const [known, unknown] = [ask('/known'), ask('/unknown')];
    await turn();
    pending[1]!.respond(500);
    pending[2]!.respond(500);
    await turn();
    expect(outcomes(known)).toEqual(['store cached upstream_response']);
    expect(outcomes(unknown)).toEqual(['store failed upstream_response']);
  });

  it('`cached` keeps a thousand paths; the one used longest ago makes way', async () => {
    const { ask, pending } = clientsOf(target('store', { fallback: 'cached' }));
    const good = async (path: string): Promise<void> => {
      ask(path);
      pending.at(-1)!.respond(200);
      await turn();
    };
    for (let count = 0; count < 1_000; count++) await good(`/${count}`);
    await good('/0');
    await good('/new');
    const [kept, gone] = [ask('/0'), ask('/1')];
    await turn();
    for (const one of pending.slice(-2)) one.respond(500);
    await turn();
    expect(outcomes(kept)).toEqual(['store cached upstream_response']);
    expect(outcomes(gone)).toEqual(['store failed upstream_response']);
  });
});

describe('the answer of a request', () => {
  const one = (fields: Partial<Consulted>): Consulted => ({
    dependency: 'store',
    outcome: 'answered',
    cause: '',
    status: 503,
    ...fields,
  });

  it.each([
    ['that called nothing', [], { statusCode: 200, degraded: false, fields: {} }],
    [
      'whose calls were answered',
      [one({}), one({ dependency: 'mail' })],
      { statusCode: 200, degraded: false, fields: { dependencies: { store: 'answered', mail: 'answered' } } },
    ],
    [
      'with a fallback in it',
      [one({ outcome: 'cached', cause: 'circuit_open' })],
      { statusCode: 200, degraded: true, fields: { dependencies: { store: 'cached' } } },
    ],
    [
      'one of whose calls failed, after another’s fallback',
      [one({ outcome: 'reduced' }), one({ dependency: 'mail', outcome: 'failed', cause: 'x', status: 500 })],
      { statusCode: 500, degraded: false, fields: { dependency: 'mail', error: 'x' } },
    ],
  ] as const)('%s', (_name, consulted, answer) => {
    expect(answerOf(consulted)).toEqual(answer);
  });
});
