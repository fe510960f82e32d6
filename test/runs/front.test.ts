/** Several gateways side by side, and an edge before them: one is gone, stands still or burns, and who still answers. */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { postToTimeline, runAndAsk, runReally } from '../support/real-run.js';

const scenario = (front: string, timeline: string): string => `
version: 1
name: front
title: What stands before the workers
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 5ms } }
${front}
clients: { patience: 1s }
# Long enough after a kill for a gateway to boot on a busy machine.
load: { arrivals: constant, stages: [{ rate: 60/s, for: 7s }] }
windows: { baseline: 0s..500ms, outage: 1s..3s, after: 6s..7s }
timeline: ${timeline}
`;

const run = (front: string, timeline: string): Promise<VariantResult> => runReally(scenario(front, timeline));

/** In the baseline, in the outage and after it. */
const availability = ({ windows }: VariantResult): number[] =>
  ['baseline', 'outage', 'after'].map((name) => Number(windows[name]!.availability!.toFixed(2)));

const disruptions = (result: VariantResult): unknown[] =>
  ['gateway.disrupted', 'gateway.recovered'].flatMap((type) =>
    ofType(result, type as 'gateway.disrupted').map(({ fields }) => [type, fields.gateway, fields.how]),
  );

describe('one gateway that is killed', () => {
  it('cannot be reached until it is back on its port', async () => {
    const result = await run('', '[{ at: 1s, disrupt: kill, on: gateway-1, for: 2s }]');
    const [before, during, after] = availability(result);
    expect([before, after]).toEqual([1, 1]);
    expect(during).toBeLessThan(0.2);
    expect(result.windows.outage!.cause.gateway_unreachable).toBeGreaterThan(50);
    expect(disruptions(result)).toEqual([
      ['gateway.disrupted', 'gateway-1', 'kill'],
      ['gateway.recovered', 'gateway-1', 'kill'],
    ]);
  });
});

describe('one gateway that stands still', () => {
  it('and then burns is well again when that is over', async () => {
    const result = await run(
      '',
      '[{ at: 1s, disrupt: stop, on: gateway-1 }, { at: 2s, disrupt: block, on: gateway-1, for: 500ms }]',
    );
    expect(result.windows.after!.availability).toBe(1);
    expect(disruptions(result)).toEqual([
      ['gateway.disrupted', 'gateway-1', 'stop'],
      ['gateway.disrupted', 'gateway-1', 'block'],
      ['gateway.recovered', 'gateway-1', 'stop'],
      ['gateway.recovered', 'gateway-1', 'block'],
    ]);
  });

  it('and is killed twice stays away until the later is over', async () => {
    const twice = (forText: string) => `{ at: 1s, disrupt: kill, on: gateway-1, for: ${forText} }`;
    const result = await run(
      '',
      `[${twice('500ms')}, { at: 1300ms, disrupt: kill, on: gateway-1, for: 1700ms }]`,
    );
    expect(result.windows.outage!.availability).toBeLessThan(0.2);
    expect(result.windows.after!.availability).toBe(1);
  });
});

describe('whatever a timeline can do', () => {
  it('can be done by hand while a run goes on, and is refused with what is wrong', async () => {
    const { result, answer: answers } = await runAndAsk(scenario('gateways: 2', '[]'), async (address) => [
      await postToTimeline(address, { disrupt: 'kill', on: 'gateway-2', for: '1s' }),
      await postToTimeline(address, { disrupt: 'kill', on: 'gateway-3' }),
      await postToTimeline(address, { flood: { rate: '1/s', identities: 1, path: '/', for: '1s' } }),
    ]);
    expect(answers[0]).toEqual([202, '{"action":"disrupt"}']);
    expect(answers[1]![0]).toBe(422);
    expect(answers[1]![1]).toContain('there is no gateway-3; there are gateway-1, gateway-2');
    expect(answers[2]).toEqual([202, '{"action":"flood"}']);
    expect(result.events.map(({ type }) => type)).toContain('flood.began');
    expect(disruptions(result)).toEqual([
      ['gateway.disrupted', 'gateway-2', 'kill'],
      ['gateway.recovered', 'gateway-2', 'kill'],
    ]);
  });
});

describe('two gateways, one of which', () => {
  it('is killed: clients take the other', async () => {
    const result = await run('gateways: 2', '[{ at: 1s, disrupt: kill, on: gateway-1, for: 2s }]');
    // What it had in hand is lost, and no more.
    expect(result.windows.outage!.availability).toBeGreaterThan(0.95);
    expect(result.windows.outage!.cause.gateway_unreachable ?? 0).toBe(0);
    expect(result.windows.after!.availability).toBe(1);
  });

  it('stands still: its connections are taken, so its share of the clients waits in vain', async () => {
    const result = await run('gateways: 2', '[{ at: 1s, disrupt: stop, on: gateway-2, for: 2s }]');
    const { outage, after } = result.windows;
    expect(outage!.availability).toBeGreaterThan(0.35);
    expect(outage!.availability).toBeLessThan(0.85);
    expect(after!.availability).toBe(1);
    expect(result.machine!.gatewayStallMs).toBeLessThan(1_000);
  });
});

describe('an edge', () => {
  const CACHING = 'edge: { gateway: { healthCheck: off, cache: { defaultTtl: 60s } } }';

  it('serves what it holds while the gateway behind it is gone', async () => {
    const killed = '[{ at: 1s, disrupt: kill, on: gateway-1, for: 2s }]';
    const held = await run(CACHING, killed);
    expect(held.windows.outage!.availability).toBe(1);
    const plain = await run('edge: { gateway: { healthCheck: off } }', killed);
    expect(plain.windows.outage!.availability).toBeLessThan(0.2);
    expect(plain.windows.outage!.cause.connection_refused).toBeGreaterThan(50);
  });

  it('that burns its processor lets nobody through, though all behind it are well', async () => {
    const result = await run('edge: {}', '[{ at: 1s, disrupt: block, on: edge, for: 2s }]');
    const [before, during, after] = availability(result);
    expect([before, after]).toEqual([1, 1]);
    expect(during).toBeLessThan(0.7);
    expect(result.windows.outage!.status['504'] ?? 0).toBe(0);
  });

  it('that is killed is passed by where clients may', async () => {
    const killed = '[{ at: 1s, disrupt: kill, on: edge, for: 2s }]';
    const passed = await run('edge: { bypass: on }', killed);
    expect(passed.windows.outage!.availability).toBeGreaterThan(0.95);
    const stuck = await run('edge: {}', killed);
    expect(stuck.windows.outage!.availability).toBeLessThan(0.2);
    expect(stuck.windows.after!.availability).toBe(1);
  });

  it('gets a config of its own', async () => {
    const closed = '{ rateLimit: { rate: 1/s, burst: 1 } }';
    const result = await run(
      'edge: {}',
      `[{ at: 1s, push-config: ${closed}, to: edge }, { at: 3s, rollback-config: {}, to: edge }]`,
    );
    expect(result.windows.outage!.status['429']).toBeGreaterThan(50);
    expect(result.windows.after!.availability).toBe(1);
  });
});
