/** Which requests are taken for killers: by the deaths they were in flight at, with a bound on what is kept. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_FINGERPRINT_CHARS,
  MAX_IN_FLIGHT,
  MAX_QUARANTINED,
  MAX_SUSPECTS,
  Quarantine,
} from '../../../../src/upstream/fleet/quarantine.js';

const make = () => new Quarantine({ after: 2, forMs: 1_000 });

describe('quarantine after two deaths', () => {
  it('holds the one request that was there both times', () => {
    const quarantine = make();
    for (const fingerprint of ['poison', 'a', 'b']) quarantine.began('worker-1', fingerprint);
    expect(quarantine.died('worker-1', 0)).toEqual([]);
    for (const fingerprint of ['poison', 'c']) quarantine.began('worker-2', fingerprint);
    expect(quarantine.died('worker-2', 10)).toEqual([{ fingerprint: 'poison', deaths: 2 }]);
    expect(quarantine.held(10)).toEqual(['poison']);
  });

  it('clears a suspect that was answered, and not one that was only given up', () => {
    const quarantine = make();
    for (const fingerprint of ['a', 'b']) quarantine.began('worker-1', fingerprint);
    quarantine.died('worker-1', 0);
    for (const [fingerprint, answered] of [
      ['a', true],
      ['b', false],
    ] as const) {
      quarantine.began('worker-2', fingerprint);
      quarantine.ended('worker-2', fingerprint, answered);
      quarantine.began('worker-2', fingerprint);
    }
    expect(quarantine.died('worker-2', 0).map(({ fingerprint }) => fingerprint)).toEqual(['b']);
  });

  it('learns nothing from what was over, nor from a process that was ended on purpose', () => {
    const quarantine = make();
    quarantine.began('worker-1', 'over');
    quarantine.ended('worker-1', 'over', true);
    quarantine.began('worker-1', 'cut');
    quarantine.left('worker-1');
    quarantine.died('worker-1', 0);
    expect(quarantine.suspects).toBe(0);
  });

  it('counts a request that is in flight twice on one worker once', () => {
    const quarantine = make();
    quarantine.began('worker-1', 'twice');
    quarantine.began('worker-1', 'twice');
    expect(quarantine.died('worker-1', 0)).toEqual([]);
    quarantine.began('worker-1', 'twice');
    quarantine.began('worker-1', 'twice');
    quarantine.ended('worker-1', 'twice', false);
    expect(quarantine.died('worker-1', 0)).toEqual([{ fingerprint: 'twice', deaths: 2 }]);
  });

  it('lets go after its time', () => {
    const quarantine = new Quarantine({ after: 1, forMs: 1_000 });
    quarantine.began('worker-1', 'poison');
    quarantine.died('worker-1', 500);
    expect(quarantine.held(1_499)).toEqual(['poison']);
    expect(quarantine.held(1_500)).toEqual([]);
  });

  it('keeps no more than it may, whatever is sent', () => {
    const quarantine = make();
    const hold = (from: number, count: number): void => {
      for (let death = 0; death < 2; death++) {
        for (let index = from; index < from + count; index++) quarantine.began('worker-1', `r${index}`);
        quarantine.died('worker-1', 0);
      }
    };
    for (let index = 0; index < 2 * MAX_IN_FLIGHT; index++) quarantine.began('worker-1', `s${index}`);
    quarantine.died('worker-1', 0);
    expect(quarantine.suspects).toBe(MAX_IN_FLIGHT);
    for (let index = 0; index < 100; index++) quarantine.began('worker-1', `t${index}`);
    quarantine.died('worker-1', 0);
    expect(quarantine.suspects).toBe(MAX_SUSPECTS);
    hold(0, MAX_QUARANTINED + 10);
    expect(quarantine.held(0)).toHaveLength(MAX_QUARANTINED);
    expect(quarantine.held(0)).not.toContain('r0');
    quarantine.began('worker-1', 'x'.repeat(MAX_FINGERPRINT_CHARS + 1));
    expect(quarantine.died('worker-1', 0)).toEqual([]);
  });

  it('never holds a request that was at fewer deaths', () => {
    const life = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(life, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (lives, after) => {
        const quarantine = new Quarantine({ after, forMs: 1_000 });
        const deaths = new Map<string, number>();
        for (const requests of lives) {
          for (const fingerprint of new Set(requests)) {
            quarantine.began('worker-1', fingerprint);
            deaths.set(fingerprint, (deaths.get(fingerprint) ?? 0) + 1);
          }
          quarantine.died('worker-1', 0);
        }
        const expected = [...deaths]
          .filter(([, count]) => count >= after)
          .map(([fingerprint]) => fingerprint);
        expect([...quarantine.held(0)].sort()).toEqual(expected.sort());
      }),
    );
  });
});
