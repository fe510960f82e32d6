/** Changes of the gateway's config in virtual time: more rules than there is room for, and a plan that comes too late. */
import { describe, expect, it } from 'vitest';
import { ofType } from '../../src/scenarios/result-events.js';
import { measureVirtually } from '../../src/scenarios/virtual/engine.js';
import { expectMistake, MINIMAL } from '../support/scenario-text.js';

const scenarioOf = (gateway: string, entry: string): string => `
version: 1
name: change
title: a config that is changed after two seconds
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 10ms } }
gateway: { healthCheck: off, ${gateway} }
clients: { patience: 2s }
load: { stages: [{ rate: 50/s, for: 6s }] }
timeline:
  - { at: 1s, push-config: { timeouts: { attempt: 2s } }, to: gateway }
  - { at: 2s, to: gateway, ${entry} }
windows: { baseline: 0s..2s, outage: 2s..6s }
`;

/** In a thread of its own, in which all time is virtual: the admin API keeps some too. */
const run = async (gateway: string, entry: string) => {
  const source = {
    text: scenarioOf(gateway, entry),
    file: 'test.yaml',
    options: { engine: 'virtual' },
  } as const;
  const { signal } = new AbortController();
  const [result] = await measureVirtually([{ source, variant: 'default' }], { signal, threads: 1 });
  return {
    outage: result!.windows.outage!,
    refused: ofType(result!, 'config.refused').map(({ fields }) => fields),
  };
};

const TWO_RULES = 'push-config: { rules: [{ path: /a, action: block }, { path: /b, action: block }] }';

describe('more rules than the table has room for', () => {
  it('are a 500 for everybody, where the table fails closed', async () => {
    const { outage } = await run('ruleTable: { size: 1 }', TWO_RULES);
    expect(outage.availability).toBe(0);
    expect(outage.status).toEqual({ 500: outage.requests });
  });

  it('are not asked where it fails open, and the answers say so', async () => {
    const { outage } = await run('ruleTable: { size: 1, overflow: fail-open }', TWO_RULES);
    expect(outage.availability).toBe(1);
    expect(outage.degraded).toBe(1);
  });

  it('do not get in without approval', async () => {
    const { outage, refused } = await run('ruleTable: { size: 1 }', `${TWO_RULES}, approved: off`);
    expect(outage.availability).toBe(1);
    expect(refused).toHaveLength(1);
    expect(refused[0]!.reason).toContain('are 2, where the table has room for 1');
  });

  it('are as many as there is room for, and all is as ever', async () => {
    const { outage } = await run('ruleTable: { size: 2 }', `${TWO_RULES}, approved: off`);
    expect(outage.availability).toBe(1);
    expect(outage.degraded ?? 0).toBe(0);
  });
});

describe('a push that says which version it was made from', () => {
  const PUSH = 'push-config: { timeouts: { attempt: 1s } }, approved: off';

  it('goes out when that is the one in force', async () => {
    const { refused } = await run('', `${PUSH}, basedOn: 2`);
    expect(refused).toEqual([]);
  });

  it('is refused when another one is', async () => {
    const { refused } = await run('', `${PUSH}, basedOn: 1`);
    expect(refused).toHaveLength(1);
    expect(refused[0]!.reason).toContain('made from version 1, and version 2 is in force');
  });

  it('says it with a push, and with nothing else', () => {
    expectMistake(
      `${MINIMAL}timeline: [{ at: 1s, note: hello, basedOn: ▸1 }]\n`,
      'timeline[0].basedOn',
      'basedOn means nothing beside note',
    );
  });
});

describe.each([1, 2])('a push that has to answer first, to a gateway of %i process(es)', (processes) => {
  const push = (config: string, checks: string): string =>
    `push-config: { ${config}, processes: ${processes} }, smokeTest: [${checks}]`;

  it('goes out when it does', async () => {
    const { refused, outage } = await run(
      `processes: ${processes}`,
      push('routes: [{ path: / }]', '{ path: /, upstreams: [worker-1, worker-2] }'),
    );
    expect(refused).toEqual([]);
    expect(outage.availability).toBe(1);
  });

  it('is refused when it does not, and nobody has met it', async () => {
    const { refused, outage } = await run(
      `processes: ${processes}`,
      push('routes: [{ path: /elsewhere }]', '{ path: / }'),
    );
    expect(refused).toMatchObject([
      {
        status: 422,
        reason: 'its smoke test asked for / and got 404 (no_route), where a status below 400 is wanted',
      },
    ]);
    expect(outage.availability).toBe(1);
  });
});
