/**
 * Toxics in virtual time: what docs/links.md says that a client sees of each, as it is over sockets
 * (`test/integration/links.test.ts`, `test/runs/links-scenario.test.ts`).
 */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import { CRASH_BEHIND_LINK, linksScenario, toxicScenario } from '../support/both-engines.js';
import { runHere } from '../support/virtual-run.js';

const run = async (text: string): Promise<VariantResult> => {
  const { result } = await runHere(text, 42, VIRTUAL_COSTS);
  expect(result.windows.baseline!.availability).toBe(1);
  return result;
};

const withToxic = (toxic: string): Promise<VariantResult> => run(toxicScenario(toxic));

const outageOf = ({ windows }: VariantResult) => windows.outage!;

/** Half of the requests go to worker-2. */
const HALF = 40;

/** Nobody fails, and requests to worker-2 take that much longer than the others. */
const slowsBy = (fromMs: number, toMs: number) => (result: VariantResult) => {
  const { availability, latencyMs } = outageOf(result);
  expect(availability).toBe(1);
  const [plain, slow] = [result.windows.baseline!.latencyMs.p50, latencyMs.p95];
  expect(slow - plain).toBeGreaterThanOrEqual(fromMs);
  expect(slow - plain).toBeLessThanOrEqual(toMs);
};

/** Every request to worker-2 fails by this cause, but for those that are let go in time by the end of the toxic. */
const failsBy =
  (status: string, cause: string, withinMs: readonly [number, number]) => (result: VariantResult) => {
    const { status: statuses, cause: causes } = outageOf(result);
    const count = withinMs[0] < 600 ? HALF : HALF * 0.7;
    expect([statuses, causes]).toEqual([{ 200: 2 * HALF - count, [status]: count }, { [cause]: count }]);
    const [fromMs, toMs] = withinMs;
    const { max } = outageOf(result).latencyMs;
    expect(max).toBeGreaterThanOrEqual(fromMs);
    expect(max).toBeLessThanOrEqual(toMs);
  };

const SEEN: readonly (readonly [toxic: string, seen: (result: VariantResult) => void])[] = [
  ['latency, attributes: { latency: 200 }', slowsBy(199, 201)],
  ['latency, attributes: { latency: 200 }, stream: upstream', slowsBy(199, 201)],
  ['latency, attributes: { latency: 200, jitter: 50 }', slowsBy(150, 250)],
  ['latency, attributes: { latency: 700 }', failsBy('504', 'response_timeout', [600, 602])],
  // An answer takes about 300 bytes.
  ['bandwidth, attributes: { rate: 1 }', slowsBy(200, 400)],
  ['bandwidth, attributes: { rate: 0 }', failsBy('504', 'response_timeout', [600, 602])],
  ['slow_close, attributes: { delay: 500 }', slowsBy(-1, 1)],
  ['slicer, attributes: { average_size: 20, size_variation: 5, delay: 10000 }', slowsBy(80, 300)],
  ['timeout, attributes: { timeout: 100 }', failsBy('502', 'connection_closed', [100, 112])],
  ['reset_peer', failsBy('502', 'connection_reset', [5, 20])],
  ['reset_peer, attributes: { timeout: 50 }', failsBy('502', 'connection_reset', [55, 120])],
  ['reset_peer, stream: upstream', failsBy('502', 'connection_reset', [0, 10])],
  ['limit_data, attributes: { bytes: 50 }', failsBy('502', 'connection_closed', [5, 20])],
  ['limit_data, attributes: { bytes: 190 }', failsBy('none', 'body_broken', [5, 20])],
  ['down', failsBy('502', 'connection_refused', [0, 10])],
];

describe('in virtual time', () => {
  it.each(SEEN)('%s shows, and is over', async (toxic, seen) => {
    const result = await withToxic(toxic);
    seen(result);
    expect(result.windows.after!.availability).toBe(1);
    const [added] = ofType(result, 'link.toxic-added');
    expect(added!.fields).toMatchObject({ link: 'worker-2', by: 'timeline', forMs: 2_000 });
    const [removed] = ofType(result, 'link.toxic-removed');
    expect(removed!.fields).toMatchObject({ link: 'worker-2', reason: 'time-over' });
    expect(removed!.t - added!.t).toBeCloseTo(2);
  });

  it('timeout without a time closes what waits when it is taken away, since its bytes are lost', async () => {
    const { status, cause } = outageOf(await withToxic('timeout, attributes: { timeout: 0 }'));
    expect(status).toEqual({ 200: HALF, 504: HALF * 0.7, 502: HALF * 0.3 });
    expect(cause).toEqual({ response_timeout: HALF * 0.7, connection_closed: HALF * 0.3 });
  });

  it('a black hole is noticed by timeouts alone: of the response on open connections, of the connection on new ones', async () => {
    const result = await withToxic('black-hole');
    const { status, cause, latencyMs } = outageOf(result);
    expect(status[504]).toBe(HALF);
    expect(Object.keys(cause).sort()).toEqual(['connect_timeout', 'response_timeout']);
    expect(cause.response_timeout).toBeLessThan(cause.connect_timeout!);
    expect(latencyMs.p95).toBeGreaterThan(299);
    expect(result.windows.after!.availability).toBe(1);
  });

  it('a handshake into a black hole is let in as it knocks again, a second after the first time', async () => {
    const patient = linksScenario('[{ at: 2s, toxic: black-hole, on: worker-2, for: 500ms }]')
      .replace('connect: 300ms, attempt: 600ms', 'connect: 3s, attempt: 3s')
      .replace('patience: 2s', 'patience: 5s');
    const { availability, latencyMs } = outageOf(await run(patient));
    expect(availability).toBe(1);
    expect(latencyMs.max).toBeGreaterThan(1_000);
    expect(latencyMs.max).toBeLessThan(1_020);
  });

  it('a toxicity meets a share of the connections, drawn from the seed', async () => {
    const timeline = '[{ at: 2s, toxic: reset_peer, on: all, toxicity: 0.5, for: 2s }]';
    const text = linksScenario(timeline).replace('attempt: 600ms }', 'attempt: 600ms }, keepAlive: off');
    const met = async (seed: number): Promise<number> =>
      outageOf((await runHere(text, seed, VIRTUAL_COSTS)).result).status[502] ?? 0;
    const first = await met(1);
    expect(first).toBeGreaterThan(20);
    expect(first).toBeLessThan(60);
    expect(await met(1)).toBe(first);
    expect(new Set([first, await met(2), await met(3)]).size).toBeGreaterThan(1);
  });

  it('is taken away by order, and at the end of the run', async () => {
    const ordered = await run(
      linksScenario(`
  - { at: 2s, toxic: down, on: worker-2 }
  - { at: 3s, remove-toxic: all, on: all }
  - { at: 5s, toxic: latency, on: all, attributes: { latency: 200 } }`),
    );
    expect(outageOf(ordered).status[502]).toBe(HALF / 2);
    expect(ordered.windows.after!.latencyMs.p50).toBeGreaterThan(195);
    const reasons = ofType(ordered, 'link.toxic-removed').map(({ fields }) => fields.reason);
    expect(reasons).toEqual(['ordered', 'run-over', 'run-over']);
  });

  it('a crashed worker is refused through its link, as without one', async () => {
    const result = await run(CRASH_BEHIND_LINK);
    expect(outageOf(result).cause.connection_refused ?? 0).toBeGreaterThan(5);
    expect(result.windows.after!.availability).toBe(1);
  });

  it('links without a toxic add their own way, and nothing else', async () => {
    const plain = (await run(linksScenario('[]'))).windows.after!.latencyMs.p50;
    const linked = (await run(linksScenario('[]', 'links: {}\n'))).windows.after!.latencyMs.p50;
    expect(linked - plain).toBeCloseTo(0.2, 1);
  });
});
