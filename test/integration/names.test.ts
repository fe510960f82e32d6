/**
 * Names that do not resolve, on real processes: for each way in which a resolver fails, nothing happens for as long as
 * the TTL lasts, then new connections fail and kept ones go on; with serveStale nothing fails.
 *
 * A burst needs as many connections as it has requests, so one that is larger than all before makes a new one. No sleep
 * decides anything here: bursts grow until something is seen.
 */
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { NAME_FAULT_NAMES, type NameFault } from '../../src/upstream/names/name-faults.js';
import { ask, type ClientAnswer } from '../support/gateway.js';
import { type NamedWorkers, startNamedWorkers } from '../support/named-workers.js';

const TTL_MS = 1_000;

/** More connections than this are never needed. */
const MAX_BURST = 500;

const statusesOf = (answers: readonly ClientAnswer[]): number[] => answers.map(({ status }) => status);
const isGood = ({ status }: ClientAnswer): boolean => status === 200;

const inject = async ({ resolver, next }: NamedWorkers, fault: NameFault): Promise<void> => {
  const injected = next('fault.injected');
  resolver.inject('worker-1', fault, null);
  expect(await injected).toMatchObject({ fault: `dns-${fault}`, worker: 'worker-1' });
};

/** Bursts, each with one connection more than the one before, until one is not good. @returns that one. */
const growUntilBad = async (workers: NamedWorkers): Promise<ClientAnswer[]> => {
  for (let count = 2; count < MAX_BURST; count++) {
    const answers = await workers.burst(count);
    if (!answers.every(isGood)) return answers;
  }
  throw new Error('every burst was good');
};

/** What a new connection is answered, when the TTL is over, by the fault of its name. */
const ERRORS: Readonly<Record<NameFault, string>> = {
  nxdomain: 'dns_error',
  servfail: 'dns_error',
  refused: 'dns_error',
  empty: 'dns_error',
  timeout: 'dns_error',
  'stale-address': 'connection_refused',
};

describe.each(NAME_FAULT_NAMES)('a name with %s', (fault) => {
  it('is answered as before until the TTL is over; then new connections fail, and kept ones go on', async () => {
    const workers = await startNamedWorkers();
    const { port, resolver, burst } = workers;
    const askedMs = wallClock.nowMs();
    expect(statusesOf(await burst(1))).toEqual([200]);
    await inject(workers, fault);
    const answers = await growUntilBad(workers);
    expect(wallClock.nowMs() - askedMs).toBeGreaterThanOrEqual(TTL_MS);

    const bad = answers.filter((answer) => !isGood(answer));
    expect(new Set(statusesOf(bad))).toEqual(new Set([502]));
    expect(bad[0]!.headers['proxy-status']).toContain(`error=${ERRORS[fault]}`);
    expect(bad.length).toBeLessThan(answers.length);
    for (let count = 0; count < 5; count++) expect((await ask(port)).status).toBe(200);

    const healed = workers.next('fault.healed');
    resolver.heal('worker-1');
    expect(await healed).toMatchObject({ fault: `dns-${fault}`, reason: 'ordered' });
    await expect
      .poll(async () => (await burst(answers.length + 2)).every(isGood), { timeout: 20_000 })
      .toBe(true);
  }, 60_000);
});

describe.each(['nxdomain', 'servfail', 'refused', 'empty', 'timeout'] as const)(
  'serveStale with %s',
  (fault) => {
    it('answers every request, tells of it, and is over when the name resolves again', async () => {
      const names = { serveStale: 'on', refuseEmpty: 'on', timeout: '300ms', recheck: '200ms' } as const;
      const workers = await startNamedWorkers({ gateway: { names } });
      const { resolver, burst, next, metric, events } = workers;
      expect(statusesOf(await burst(1))).toEqual([200]);
      await inject(workers, fault);
      const stale = next('name.served-stale');
      let served = false;
      stale.then(() => {
        served = true;
      });
      let count = 2;
      for (let more = 5; more > 0 && count < MAX_BURST; count++) {
        expect((await burst(count)).filter((answer) => !isGood(answer))).toEqual([]);
        if (served) more--;
      }
      expect(await stale).toMatchObject({ name: 'worker-1.fleet.test' });
      expect((await stale).staleMs).toBeGreaterThan(0);
      expect(events).toContainEqual(expect.objectContaining({ type: 'name.lookup-failed', reason: fault }));
      const label = 'name="worker-1.fleet.test"';
      expect(await metric(`name_stale_seconds{${label}}`)).toBeGreaterThan(0);
      expect(await metric(`name_lookup_failures_total{${label},reason="${fault}"}`)).toBeGreaterThan(0);

      const recovered = next('name.recovered');
      resolver.heal('worker-1');
      for (let over = false; !over; count++) {
        recovered.then(() => {
          over = true;
        });
        expect((await burst(count)).every(isGood)).toBe(true);
      }
      await expect.poll(() => metric(`name_stale_seconds{${label}}`)).toBe(0);
    }, 60_000);
  },
);

describe('serveStale', () => {
  it('pays for a resolver that is silent once: whoever comes first waits for the lookup, and nobody after it', async () => {
    const TIMEOUT_MS = 2_000;
    const names = { serveStale: 'on', timeout: '2s', recheck: '100ms' } as const;
    const workers = await startNamedWorkers({ gateway: { names } });
    const { burst, events } = workers;
    await burst(1);
    await inject(workers, 'timeout');
    const failures = (): number => events.filter(({ type }) => type === 'name.lookup-failed').length;
    const slow: number[] = [];
    for (let count = 2; failures() < 3 && count < MAX_BURST; count++) {
      const timed = Array.from({ length: count }, async () => {
        const startMs = wallClock.nowMs();
        expect((await ask(workers.port)).status).toBe(200);
        return wallClock.nowMs() - startMs;
      });
      slow.push((await Promise.all(timed)).filter((ms) => ms >= TIMEOUT_MS).length);
    }
    expect(failures()).toBeGreaterThanOrEqual(3);
    // Those that wait for the one lookup come in one burst.
    expect(slow.filter((waited) => waited > 0)).toHaveLength(1);
  }, 60_000);

  it('without refuseEmpty believes that there is no address any more', async () => {
    const workers = await startNamedWorkers({ gateway: { names: { serveStale: 'on' } } });
    await workers.burst(1);
    await inject(workers, 'empty');
    const bad = (await growUntilBad(workers)).filter((answer) => !isGood(answer));
    expect(new Set(statusesOf(bad))).toEqual(new Set([502]));
    expect(bad[0]!.headers['proxy-status']).toContain('BGW_ERR_DNS');
  }, 60_000);
});

describe('names', () => {
  it('of one worker do not concern the other: a retry goes there, and nobody notices', async () => {
    const workers = await startNamedWorkers({
      fleet: { workers: 2 },
      gateway: { retry: { attempts: 2 }, keepAlive: 'off' },
    });
    const { burst, next } = workers;
    await burst(4);
    await inject(workers, 'stale-address');
    const refused = next('attempt.retried');
    let retried = false;
    refused.then(() => {
      retried = true;
    });
    for (let bursts = 0; !retried && bursts < MAX_BURST; bursts++) {
      expect((await burst(4)).every(isGood)).toBe(true);
    }
    expect(await refused).toMatchObject({ cause: 'connection_refused' });
  }, 60_000);

  it('are what health checks ask for too: nobody is healthy, and new requests get 503', async () => {
    const workers = await startNamedWorkers({
      gateway: { healthCheck: { interval: '50ms', timeout: '1s', fall: 1, rise: 1 } },
    });
    const { port, next, resolver } = workers;
    expect((await ask(port)).status).toBe(200);
    const unhealthy = next('upstream.turned-unhealthy');
    await inject(workers, 'nxdomain');
    expect(await unhealthy).toMatchObject({ upstream: 'worker-1', reason: 'LOOKUP_FAILED' });
    const answer = await ask(port);
    expect([answer.status, answer.headers['proxy-status']]).toEqual([
      503,
      expect.stringContaining('BGW_ERR_NO_UPSTREAM'),
    ]);
    const healthy = next('upstream.turned-healthy');
    resolver.heal('worker-1');
    await healthy;
    await expect.poll(async () => (await ask(port)).status).toBe(200);
  }, 60_000);

  it('are resolved by each of several processes', async () => {
    const workers = await startNamedWorkers({ gateway: { processes: 2, keepAlive: 'off' } });
    const { burst, next, events } = workers;
    expect((await burst(8)).every(isGood)).toBe(true);
    const failed = next('name.lookup-failed');
    await inject(workers, 'servfail');
    const bad = (await growUntilBad(workers)).filter((answer) => !isGood(answer));
    expect(new Set(statusesOf(bad))).toEqual(new Set([502]));
    expect(await failed).toMatchObject({ reason: 'servfail', process: expect.any(Number) });
    expect(events.filter(({ type }) => type === 'gateway.process-started')).toHaveLength(2);
  }, 60_000);

  it('work for the profile naive, which knows no TTL', async () => {
    const workers = await startNamedWorkers({ gateway: { profile: 'naive', healthCheck: 'off' } });
    expect((await ask(workers.port)).status).toBe(200);
  }, 60_000);

  it('heal when their time is over, and a fault takes the place of the one before', async () => {
    const { resolver, next, events } = await startNamedWorkers();
    const healed = next('fault.healed');
    resolver.inject('worker-1', 'servfail', 60_000);
    const replaced = next('fault.healed');
    resolver.inject('worker-1', 'nxdomain', 1);
    expect(await replaced).toMatchObject({ fault: 'dns-servfail', reason: 'replaced' });
    await healed;
    await expect.poll(() => events.filter(({ type }) => type === 'fault.healed')).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'fault.healed')[1]).toMatchObject({
      fault: 'dns-nxdomain',
      reason: 'time-over',
    });
  }, 60_000);
});
