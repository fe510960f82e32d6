/** Criticality: which class the headers of a request give it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  CRITICALITIES,
  CRITICALITY_DEFAULTS,
  type CriticalityOptions,
  classify,
} from '../../../src/policies/criticality.js';
import { Call, type Headers } from '../../../src/policies/service.js';

describe('the criticality of a request', () => {
  it.each<[headers: Headers, criticality: number]>([
    [{ 'x-criticality': 'critical-plus' }, 0],
    [{ 'x-criticality': 'critical' }, 1],
    [{ 'x-criticality': 'sheddable-plus' }, 2],
    [{ 'x-criticality': 'sheddable' }, 3],
    [{ 'x-criticality': ' SHEDDABLE_PLUS ' }, 2],
    [{ 'x-criticality': ['sheddable', 'critical-plus'] }, 3],
    [{ 'x-tier': 'premium' }, 1],
    [{ 'x-tier': 'Free' }, 3],
    [{ 'x-criticality': 'critical-plus', 'x-tier': 'free' }, 0],
    [{ 'x-criticality': 'urgent', 'x-tier': 'free' }, 3],
    [{}, 1],
    [{ 'x-criticality': 'urgent' }, 1],
    [{ 'x-tier': 'gold' }, 1],
    [{ 'x-tier': 'constructor' }, 1],
    [{ 'x-tier': '__proto__' }, 1],
    [{ 'x-criticality': [] as string[] }, 1],
  ])('of %j is %i', (headers, criticality) => {
    expect(classify(headers)).toBe(criticality);
  });

  it('comes from the headers, and the tiers, that a config names', () => {
    const options: CriticalityOptions = {
      header: 'x-importance',
      tierHeader: 'x-plan',
      tiers: { gold: 'critical-plus', basic: 'sheddable-plus' },
      otherwise: 'sheddable',
    };
    expect(classify({ 'x-importance': 'critical' }, options)).toBe(1);
    expect(classify({ 'x-plan': 'gold' }, options)).toBe(0);
    expect(classify({ 'x-plan': 'basic' }, options)).toBe(2);
    expect(classify({ 'x-criticality': 'critical', 'x-tier': 'premium' }, options)).toBe(3);
  });

  it('is one of the four, whatever a client sends', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined));
    fc.assert(
      fc.property(value, value, (criticality, tier) => {
        const headers = {
          [CRITICALITY_DEFAULTS.header]: criticality,
          [CRITICALITY_DEFAULTS.tierHeader]: tier,
        };
        expect(CRITICALITIES[classify(headers)]).toBeDefined();
      }),
    );
  });
});

describe('an attempt', () => {
  it('is as critical as its request, and as urgent', () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    expect(call.nextAttempt(clock)).toMatchObject({ criticality: 0, deadlineMs: Infinity });
    call.criticality = 2;
    call.deadlineMs = 500;
    expect(call.nextAttempt(clock)).toMatchObject({ criticality: 2, deadlineMs: 500 });
  });
});
