/** When an error may be over: from what the gateway knows, and nothing where it knows nothing. */
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { Endpoint } from '../../../../src/gateway/endpoint.js';
import { RecoveryEstimates, type RecoveryView, recoverySeconds } from '../../../../src/gateway/recovery.js';
import { Upstream } from '../../../../src/gateway/upstream-pool.js';
import type { ConcurrencyLimit } from '../../../../src/policies/concurrency.js';

const upstream = (id: string): Upstream => new Upstream({ id, host: '127.0.0.1', port: 1 });

const estimates = (upstreams: readonly Upstream[], view: Partial<RecoveryView> = {}): RecoveryEstimates =>
  new RecoveryEstimates({
    upstreams,
    endpointOf: () => undefined,
    ejectedUntilMs: () => null,
    queuedGlobally: () => 0,
    ...view,
  });

describe('what is expected of an error', () => {
  it('of open circuits is the soonest trial of those that are fit', () => {
    const [first, second, dead] = [upstream('a'), upstream('b'), upstream('c')];
    dead.setHealthy(false, 0);
    const trials = new Map([
      [first, 7_000],
      [second, 3_400],
      [dead, 100],
    ]);
    const endpointOf = (one: Upstream): Endpoint =>
      new Endpoint(one, null, { trialInMs: () => trials.get(one)! } as never);
    const found = estimates([first, second, dead], { endpointOf }).of('BGW_ERR_CIRCUIT_OPEN', 0);
    expect(found).toEqual({ afterMs: 3_400, source: 'circuit' });
    expect(recoverySeconds(found!)).toBe(4);
  });

  it('without an upstream is the end of an ejection, and nothing where health checks or a hand took it out', () => {
    const [ejected, dead, byHand] = [upstream('a'), upstream('b'), upstream('c')];
    for (const one of [ejected, dead, byHand]) one.setEjected('outliers', true, 0);
    dead.setHealthy(false, 0);
    byHand.setEjected('by-hand', true, 0);
    const view = { ejectedUntilMs: (id: string) => ({ a: 9_000, b: 2_000, c: 3_000 })[id] ?? null };
    const of = (upstreams: readonly Upstream[]) =>
      estimates(upstreams, view).of('BGW_ERR_NO_UPSTREAM', 1_000);
    expect(of([ejected, dead, byHand])).toEqual({ afterMs: 8_000, source: 'ejection' });
    expect(of([dead, byHand])).toBeNull();
  });

  it('of a full queue is its drain at the rate of now, known after a second of asking', () => {
    const one = upstream('a');
    const limit = { queued: 30 } as ConcurrencyLimit;
    const found = estimates([one], {
      endpointOf: () => new Endpoint(one, limit, null),
      queuedGlobally: () => 10,
    });
    const seen: (number | null)[] = [];
    for (let nowMs = 0; nowMs <= 2_000; nowMs += 100) {
      seen.push(found.of('BGW_ERR_QUEUE_FULL', nowMs)?.afterMs ?? null);
      // Two in each tenth of a second.
      for (let count = 0; count < 2; count++) one.begin().end('success');
    }
    expect(seen.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => null));
    expect(seen.at(-1)).toBeCloseTo(2_000);
  });

  it('of a queue that does not move, or that takes for ever, is nothing', () => {
    const one = upstream('a');
    const limit = { queued: 5_000 } as ConcurrencyLimit;
    const found = estimates([one], { endpointOf: () => new Endpoint(one, limit, null) });
    for (let nowMs = 0; nowMs <= 2_000; nowMs += 100) {
      expect(found.of('BGW_ERR_QUEUE_TIMEOUT', nowMs)).toBeNull();
    }
    one.begin().end('success');
    expect(found.of('BGW_ERR_QUEUE_TIMEOUT', 2_100)).toBeNull();
  });

  it('of a worker that is dead is nothing', () => {
    expect(estimates([upstream('a')]).of('BGW_ERR_CONNECTION_REFUSED', 0)).toBeNull();
  });

  it('is reckoned once for all that fail at about the same time', () => {
    let asked = 0;
    const view = {
      ejectedUntilMs: () => {
        asked++;
        return 5_000;
      },
    };
    const found = estimates([upstream('a')], view);
    const clock = new VirtualClock();
    for (let count = 0; count < 1_000; count++) found.of('BGW_ERR_NO_UPSTREAM', clock.nowMs());
    expect(asked).toBe(1);
  });
});
