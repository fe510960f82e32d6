/** Health checks whose config changes while they run, and while the first of them are still under way. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../../src/core/clock.js';
import { type Event, EventStream } from '../../../src/core/events.js';
import { Random } from '../../../src/core/random.js';
import type { HealthCheckConfig } from '../../../src/gateway/config.js';
import { HealthChecks } from '../../../src/gateway/health-check.js';
import { UpstreamPool } from '../../../src/gateway/upstream-pool.js';
import { freePort, startUpstream } from '../../support/upstream.js';

const HOURLY: HealthCheckConfig = {
  type: 'http',
  path: '/healthz',
  intervalMs: 3_600_000,
  jitterRatio: 0,
  timeoutMs: 60_000,
  rise: 3,
  fall: 3,
};

const make = (ports: readonly number[], config: HealthCheckConfig | null) => {
  const pool = new UpstreamPool(
    ports.map((port, index) => ({ id: `u${index + 1}`, host: '127.0.0.1', port })),
  );
  const stream = new EventStream(wallClock.nowMs);
  const events: Event[] = [];
  stream.subscribe((event) => events.push(event));
  const parts = { clock: wallClock, random: new Random(1), emit: stream.emit };
  const checks = new HealthChecks(pool, config, parts);
  onTestFinished(() => checks.stop());
  return { pool, checks, events };
};

/** An upstream that answers when the test says so. */
const startHeld = async () => {
  const held: ServerResponse[] = [];
  const port = await startUpstream((_request, response) => held.push(response));
  return { port, held, arrived: (count: number) => expect.poll(() => held.length).toBe(count) };
};

describe('health checks with another config', () => {
  it('that comes during the first check still let the first answer decide, and are waited for', async () => {
    const { port, held, arrived } = await startHeld();
    const { pool, checks } = make([port], HOURLY);
    let started = false;
    const starting = checks.start().then(() => {
      started = true;
    });
    await arrived(1);
    checks.reconfigure({ ...HOURLY, fall: 2 });
    await arrived(2);
    held[0]!.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect([started, pool.upstreams[0]!.healthy], 'the first config’s check is nobody’s any more').toEqual([
      false,
      false,
    ]);
    held[1]!.end();
    await starting;
    expect(pool.upstreams[0]!.healthy, 'though three would have to be good in a row').toBe(true);
  });

  it('that comes before they start is the only one that checks', async () => {
    let asked = 0;
    const port = await startUpstream((_request, response) => {
      asked++;
      response.end();
    });
    const { pool, checks } = make([port], HOURLY);
    checks.reconfigure({ ...HOURLY, fall: 2 });
    await checks.start();
    expect([asked, pool.upstreams[0]!.healthy]).toEqual([1, true]);
  });

  it('that turns them off makes everybody healthy, and says so of those who were not', async () => {
    const well = await startUpstream((_request, response) => response.end());
    const { pool, checks, events } = make([well, await freePort()], HOURLY);
    await checks.start();
    expect(pool.upstreams.map(({ healthy }) => healthy)).toEqual([true, false]);
    events.length = 0;
    checks.reconfigure(null);
    expect(pool.upstreams.map(({ healthy }) => healthy)).toEqual([true, true]);
    expect(events).toMatchObject([{ type: 'upstream.turned-healthy', upstream: 'u2' }]);
  });

  it('that turns them on keeps whoever served until it is found ill', async () => {
    const { pool, checks } = make([await freePort()], null);
    await checks.start();
    checks.reconfigure({ ...HOURLY, intervalMs: 20, fall: 2 });
    expect(pool.upstreams[0]!.healthy).toBe(true);
    await expect.poll(() => pool.upstreams[0]!.healthy).toBe(false);
  });
});
