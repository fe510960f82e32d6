/** What an operator is told: of a version that one process cannot serve, and of weights that nobody would look at. */
import { describe, expect, it } from 'vitest';
import { resolveTrafficStrategy } from '../../../src/delivery/traffic-strategy.js';
import type { GatewaySection } from '../../../src/gateway/config.js';
import { GatewayControl } from '../../../src/gateway/control.js';
import { makeGenerations, ownConfig } from '../../support/generations.js';

const make = (section: GatewaySection = {}) => {
  const made = makeGenerations(section);
  const { pool, reach, clock, emit } = made;
  return { ...made, control: new GatewayControl({ config: ownConfig(section), pool, reach, clock, emit }) };
};

const CHANGE = { by: 'me', breakGlass: '' };

describe('a process that cannot follow a plan', () => {
  it('is told of when everybody else has the version already', () => {
    const { control, of } = make();
    control.delivery.push(ownConfig({ retry: {} }), { name: 'all-at-once' }, CHANGE);
    control.refused('process 2', 2, 'no memory');
    expect(of('config.refused')).toMatchObject([
      { status: 422, reason: 'process 2 goes on without version 2: no memory' },
    ]);
    expect(control.delivery.version).toBe(2);
  });

  it('ends a rollout of that version', () => {
    const { control, of } = make();
    control.delivery.push(ownConfig({ retry: {} }), resolveTrafficStrategy({ strategy: 'staged' }), CHANGE);
    control.refused('process 2', 2, 'no memory');
    expect(of('config.rolled-back')).toMatchObject([{ from: 2, version: 1, reason: 'no memory' }]);
    expect(of('config.refused')).toEqual([]);
  });
});

describe('a weight by hand', () => {
  it.each([
    ['round-robin', 3, false],
    ['p2c', 0.5, false],
    ['prequal', 2, false],
    ['round-robin', 0, true],
    ['peak-ewma', 1, true],
    ['least-requests', 3, true],
    ['maglev', 3, true],
  ] as const)('under %s of %d is taken: %s', (balancer, weight, taken) => {
    const { control, pool, of } = make({ balancer });
    const problem = control.setWeight('u1', weight);
    if (taken) expect(problem).toBeNull();
    else expect(problem).toContain(`nothing to the balancer ${balancer}`);
    expect(pool.find('u1')!.weight).toBe(taken ? weight : 1);
    expect(of('upstream.weighted')).toHaveLength(taken ? 1 : 0);
  });
});
