/** Which checks turn a state of health: a table, and a property over any sequence of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HealthState } from '../../../src/core/health.js';

/** `+` a good check, `-` a bad one; what is told after each: `H` healthy, `U` unhealthy, `.` nothing new. */
const tell = (checks: string, rise: number, fall: number): string => {
  const state = new HealthState({ rise, fall });
  return [...checks]
    .map((check) => {
      if (!state.onCheck(check === '+')) return '.';
      return state.healthy ? 'H' : 'U';
    })
    .join('');
};

describe('the health of an upstream', () => {
  it.each([
    ['the first check decides alone, well', '+', 3, 3, 'H'],
    ['the first check decides alone, ill', '-', 3, 3, 'U'],
    ['fall bad checks in a row', '+---', 2, 3, 'H..U'],
    ['a good check between starts the count again', '+--+--', 2, 3, 'H.....'],
    ['rise good checks in a row', '-++', 2, 3, 'U.H'],
    ['a bad check between starts the count again', '-+-++', 2, 3, 'U...H'],
    ['and back', '-++--+++', 2, 2, 'U.H.U.H.'],
  ])('%s', (_name, checks, rise, fall, told) => {
    expect(tell(checks, rise, fall)).toBe(told);
  });

  it('turns only after as many checks in a row as it takes, whatever came before', () => {
    const counts = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), counts, counts, (checks, rise, fall) => {
        const told = tell(checks.map((good) => (good ? '+' : '-')).join(''), rise, fall);
        for (const [index, state] of [...told].entries()) {
          if (state === '.' || index === 0) continue;
          const good = state === 'H';
          const row = checks.slice(Math.max(0, index + 1 - (good ? rise : fall)), index + 1);
          expect(row.every((check) => check === good)).toBe(true);
          expect(row).toHaveLength(good ? rise : fall);
        }
      }),
    );
  });
});
