/** Config that is pushed to the front while it runs: rules, good and bad, and what a killed gateway comes back with. */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { runReally } from '../support/real-run.js';

const BOTS = "{ name: bots, headers: { x-client-class: '^bots$' }, action: block }";
const EVERYBODY = '{ name: everybody, action: block }';

const scenario = (front: string, timeline: readonly string[]): string => `
version: 1
name: front-config
title: Config of the front
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 5ms } }
${front}
clients:
  patience: 1s
  classes: { people: { share: 50% }, bots: { share: 50% } }
load: { arrivals: constant, stages: [{ rate: 60/s, for: 5500ms }] }
windows: { baseline: 0s..300ms, bots: 1100ms..1400ms, outage: 1900ms..2300ms, after: 5s..5500ms }
timeline:
${timeline.map((entry) => `  - ${entry}`).join('\n')}
`;

const ofClass = (result: VariantResult, window: string, name: string) =>
  result.windows[window]!.classes![name]!;

const availability = (result: VariantResult, name: string): (number | null)[] =>
  ['baseline', 'bots', 'outage', 'after'].map((window) => ofClass(result, window, name).availability);

const recovered = (result: VariantResult) =>
  ofType(result, 'gateway.recovered').map(({ fields }) => [fields.gateway, fields.configVersion]);

describe('a gateway that is killed', () => {
  it('comes back with the last config that was stable, and not with one that was rolled back', async () => {
    const result = await runReally(
      scenario('gateway: { healthCheck: off }', [
        `{ at: 700ms, push-config: { rules: [${BOTS}] }, to: gateway }`,
        `{ at: 1500ms, push-config: { rules: [${EVERYBODY}] }, to: gateway }`,
        '{ at: 2400ms, rollback-config: {}, to: gateway }',
        '{ at: 2700ms, disrupt: kill, on: gateway-1, for: 400ms }',
      ]),
    );
    expect(availability(result, 'people')).toEqual([1, 1, 0, 1]);
    expect(availability(result, 'bots')).toEqual([1, 0, 0, 0]);
    expect(ofClass(result, 'after', 'bots').cause).toEqual({ blocked: expect.any(Number) });
    expect(recovered(result)).toEqual([['gateway-1', 2]]);
  });

  it('takes what the others of its kind have, where it was away; the edge keeps its own', async () => {
    const result = await runReally(
      scenario('gateways: 2\ntls: on\nedge: { gateway: { healthCheck: off } }', [
        '{ at: 300ms, disrupt: kill, on: gateway-2, for: 700ms }',
        `{ at: 500ms, push-config: { rules: [${BOTS}] }, to: edge }`,
        '{ at: 600ms, push-config: { timeouts: { attempt: 3s } }, to: gateway }',
        '{ at: 2500ms, disrupt: kill, on: [edge, gateway-1], for: 400ms }',
      ]),
    );
    expect(recovered(result).sort()).toEqual([
      ['edge', 2],
      ['gateway-1', 2],
      ['gateway-2', 2],
    ]);
    expect(availability(result, 'people').at(-1)).toBe(1);
    expect(availability(result, 'bots').at(-1)).toBe(0);
    expect(ofType(result, 'config.refused')).toEqual([]);
  });
});

describe('a rule pushed to the edge whose expression backtracks', () => {
  const COOKIE = `session=${'x'.repeat(500)}`;
  const RULE = "{ name: waf, headers: { cookie: '.*.*=.*;' }, action: block }";

  it('burns its processor, until one comes that has a guard with it, which takes it out', async () => {
    const text = scenario('edge: { gateway: { healthCheck: off } }', [
      `{ at: 500ms, push-config: { rules: [${RULE}] }, to: edge }`,
      `{ at: 2300ms, push-config: { ruleGuard: { budget: 100ms }, rules: [${RULE}] }, to: edge }`,
    ]).replace('  patience: 1s\n', `  patience: 1s\n  headers: { cookie: '${COOKIE}' }\n`);
    const result = await runReally(text);
    const switchedOff = ofType(result, 'rule.switched-off');
    expect(switchedOff.map(({ fields }) => fields.rule)).toEqual(['waf']);
    expect(switchedOff[0]!.fields.tookMs).toBeGreaterThan(100);
    expect(switchedOff[0]!.t).toBeGreaterThan(2.3);
    expect(result.windows.after!.availability).toBe(1);
  });
});
