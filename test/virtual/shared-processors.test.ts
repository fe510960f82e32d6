/** Workers that want the processors at the same time, in virtual time. */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { resolveFleetConfig } from '../../src/upstream/config.js';
import { runHere } from '../support/virtual-run.js';

const SEED = 7;

/** All workers are killed at 2 s, and started again 500 ms later. */
const scenarioOf = (fleet: string, more = ''): string => `
version: 1
name: shared
title: workers that come back together
fleet: { workers: 4, restart: { delay: 500ms }, ${fleet} }
load: { stages: [{ rate: 20/s, for: 5s }] }
timeline:
  - { at: 2s, inject: crash, on: all, how: kill }
${more}
`;

const bootsOf = ({ events }: VariantResult): number[] =>
  events
    .filter(({ type, t }) => type === 'worker.started' && t > 0)
    .map(({ t }) => Math.round((t - 2.5) * 1000));

describe('in virtual time', () => {
  it.each([
    [1, [360, 360, 360, 360]],
    [2, [180, 180, 180, 180]],
    [4, [90, 90, 90, 90]],
  ])('with processors: %s, four that boot together take %s ms', async (processors, expected) => {
    const { result } = await runHere(scenarioOf(`processors: ${processors}`), SEED);
    expect(bootsOf(result)).toEqual(expected);
  });

  it('one that burns takes its share from those that boot', async () => {
    const crashed = scenarioOf(
      'processors: 1',
      '  - { at: 2400ms, inject: event-loop-block, on: worker-1, for: 2s }',
    ).replace('on: all', 'on: [worker-2, worker-3, worker-4]');
    const { result } = await runHere(crashed, SEED);
    expect(bootsOf(result)).toEqual([360, 360, 360]);
  });

  it('a config that is pushed while a worker boots is read when it is up', async () => {
    const config = 'downstream: { service: s, endpoints: [{ name: a, weight: 3 }] }';
    const push = `  - { at: 2550ms, push-config: { ${config} } }`;
    const { result } = await runHere(scenarioOf('processors: 4', push), SEED);
    const applied = (result.events as { t: number; type: string; version?: number }[]).filter(
      ({ type, version }) => type === 'config.applied' && version === 2,
    );
    expect(applied.map(({ t }) => t)).toEqual([2.59, 2.59, 2.59, 2.59]);
  });
});

describe('fleet.processors', () => {
  it.each([
    ['2 for a fleet that one machine may carry', { workers: 16 }, 2],
    ['one for each worker of a larger one', { workers: 17 }, 17],
    ['what the scenario says', { workers: 100, processors: 8 }, 8],
  ])('is %s', (_title, section, expected) => {
    expect(resolveFleetConfig(section).processors).toBe(expected);
  });
});
