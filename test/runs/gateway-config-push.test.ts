/**
 * A scenario that changes the gateway's own config: in stages to a bad one, at once to a good one, and back. A
 * token in the environment is meant for a gateway of the user's own, and does not keep the scenario out of its gateway.
 */
import { expect, it } from 'vitest';
import { runConclusively, scenarioFile } from '../support/cli.js';

const SCENARIO = `version: 1
name: bad-timeout
title: A timeout that is shorter than the work
fleet: { workers: 3, slots: 8, serviceTime: { distribution: constant, mean: 20ms } }
gateway: { timeouts: { attempt: 2s } }
load: { arrivals: constant, stages: [{ rate: 200/s, for: 8s }] }
timeline:
  - at: 2s
    push-config: { timeouts: { attempt: 5ms } }
    to: gateway
    strategy: staged
    staged: { stages: [{ share: 20%, bake: 2s }, { share: 100%, bake: 2s }] }
  - { at: 5s, push-config: { retry: {} }, to: gateway }
  - { at: 6500ms, rollback-config: {}, to: gateway }
windows: { baseline: 0s..2s, outage: 2s..4s, after: 4s..8s }
thresholds:
  default:
    - availability[after] > 99%
    - availability[outage] > 80%
    - availability[outage] < 100%
    - first.config.rolled-back < 4s
`;

it('a bad config goes back by itself and has cost its share alone; a good one stays until it is ordered back', async () => {
  const { code, stdout, stderr } = await runConclusively(
    ['run', scenarioFile(SCENARIO), '--json', '--quiet'],
    { BADGATEWAY_ADMIN_TOKEN: 'meant-for-another-gateway' },
  );
  expect(code, `${stdout.slice(0, 2_000)}${stderr}`).toBe(0);
  const [variant] = JSON.parse(stdout).variants;
  const events = (
    variant.events as { type: string; to?: string; version?: number; reason?: string }[]
  ).filter(({ type, to }) => type.startsWith('config.') && to === 'gateway');
  expect(events.map(({ type, version }) => `${type} ${version}`)).toEqual([
    'config.pushed 2',
    'config.rolled-back 1',
    'config.rollback-finished 1',
    'config.pushed 3',
    'config.rolled-back 1',
    'config.rollback-finished 1',
  ]);
  expect(events[1]!.reason).toContain('error budget');
  expect(events[4]!.reason).toBe('ordered');
}, 120_000);
