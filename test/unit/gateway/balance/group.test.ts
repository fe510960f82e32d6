/** Which upstreams of a pool are to be used: by health, by hand, by priority, in panic. */
import { describe, expect, it } from 'vitest';
import type { GatewayError } from '../../../../src/core/errors.js';
import { Random } from '../../../../src/core/random.js';
import { Group } from '../../../../src/gateway/balance/group.js';
import { PRIORITY_DEFAULTS, type PriorityOptions } from '../../../../src/gateway/balance/priorities.js';
import { UpstreamPool } from '../../../../src/gateway/upstream-pool.js';

const make = (
  priorities: readonly number[],
  options: Partial<PriorityOptions> = {},
  ids: string[] | null = null,
) => {
  const pool = new UpstreamPool(
    priorities.map((priority, index) => ({ id: `u${index}`, host: '127.0.0.1', port: 1, priority })),
  );
  const panics: boolean[] = [];
  const group = new Group({
    ids,
    pool,
    options: { ...PRIORITY_DEFAULTS, panicThreshold: 0, ...options },
    random: new Random(1),
    onPanic: (began) => panics.push(began),
  });
  const used = (): string[] => group.usable().map(({ id }) => id);
  return { pool, group, panics, used };
};

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as GatewayError).code;
  }
  return '';
};

describe('a group', () => {
  it('uses whoever is healthy, in, and not drained', () => {
    const { pool, used } = make([0, 0, 0, 0]);
    pool.find('u0')!.setHealthy(false, 0);
    pool.find('u1')!.setEjected('by-hand', true, 0);
    pool.find('u2')!.setDrained(true, 0);
    expect(used()).toEqual(['u3']);
    pool.find('u1')!.setEjected('by-hand', false, 0);
    expect(used()).toEqual(['u1', 'u3']);
  });

  it('looks at nobody anew while nothing changes', () => {
    const { group } = make([0, 0]);
    expect(group.usable()).toBe(group.usable());
  });

  it('has only the upstreams it names', () => {
    const { used } = make([0, 0, 0], {}, ['u2', 'u0']);
    expect(used()).toEqual(['u0', 'u2']);
  });

  it.each([
    ['is unhealthy', [0, 0], null],
    ['is there', [0], []],
  ])('says BGW_ERR_NO_UPSTREAM when nobody %s', (_what, priorities, ids) => {
    const { pool, group } = make(priorities, {}, ids);
    for (const upstream of pool.upstreams) upstream.setHealthy(false, 0);
    expect(codeOf(() => group.usable())).toBe('BGW_ERR_NO_UPSTREAM');
  });

  it('uses the second priority for what the first cannot carry', () => {
    const { pool, group } = make([0, 0, 1, 1]);
    pool.find('u0')!.setHealthy(false, 0);
    // Half of the first is healthy, which carries 70 %.
    const counts = { u1: 0, u2: 0 };
    for (let draw = 0; draw < 2_000; draw++) counts[group.usable()[0]!.id as 'u1' | 'u2']++;
    expect(counts.u1 / 2_000).toBeCloseTo(0.7, 1);
    pool.find('u1')!.setHealthy(false, 0);
    expect(group.usable().map(({ id }) => id)).toEqual(['u2', 'u3']);
  });

  it('gives nothing to weight 0 while another has more, under every balancer', () => {
    const { pool, used } = make([0, 0, 0]);
    pool.find('u1')!.weight = 0;
    expect(used()).toEqual(['u0', 'u2']);
    pool.find('u0')!.weight = 0;
    pool.find('u2')!.setHealthy(false, 0);
    expect(used(), 'where all have 0, they are equals').toEqual(['u0', 'u1']);
    pool.find('u1')!.weight = 1;
    expect(used()).toEqual(['u1']);
  });

  it('panics under the threshold, says so once, and never uses the drained', () => {
    const { pool, panics, used } = make([0, 0, 0, 0], { panicThreshold: 0.5 });
    pool.find('u3')!.setDrained(true, 0);
    pool.find('u0')!.setHealthy(false, 0);
    expect(used()).toEqual(['u1', 'u2']);
    pool.find('u1')!.setHealthy(false, 0);
    expect(used()).toEqual(['u0', 'u1', 'u2']);
    used();
    pool.find('u1')!.setHealthy(true, 0);
    used();
    expect(panics).toEqual([true, false]);
  });
});

describe('an upstream', () => {
  it('starts slowly after it came back, not after its first health check', () => {
    const { pool } = make([0]);
    const upstream = pool.find('u0')!;
    expect(upstream.upSinceMs).toBe(Number.NEGATIVE_INFINITY);
    upstream.awaitFirstCheck();
    upstream.setHealthy(true, 500);
    expect(upstream.upSinceMs).toBe(Number.NEGATIVE_INFINITY);
    upstream.setHealthy(false, 600);
    upstream.setHealthy(true, 700);
    expect(upstream.upSinceMs).toBe(700);
    upstream.setEjected('by-hand', true, 800);
    upstream.setEjected('by-hand', false, 900);
    expect(upstream.upSinceMs).toBe(900);
  });
});
