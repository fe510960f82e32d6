/**
 * Versions side by side: which one a request gets, that it keeps it, and when a version that is not wanted any more
 * goes. That plans are fenced, and followed whole or not at all, the properties say.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveVersions, type TrafficPlan } from '../../../src/delivery/live-versions.js';

const version = (number: number) => ({ version: number, config: `config ${number}` });

const open = (maxDraining?: number) => {
  const retired: number[] = [];
  const built: number[] = [];
  const versions = new LiveVersions<string, { readonly text: string }>({
    initial: version(1),
    build: (text, number) => {
      built.push(number);
      return { text };
    },
    retire: (_live, number) => retired.push(number),
    ...(maxDraining !== undefined && { maxDraining }),
  });
  let order = 0;
  const apply = (plan: Partial<TrafficPlan<string>>) =>
    versions.apply({ order: ++order, stable: version(1), candidate: null, standby: null, ...plan });
  return { versions, retired, built, apply };
};

const CLIENTS = Array.from({ length: 2_000 }, (_, index) => `192.168.${index >> 8}.${index & 255}`);

const clientsOn = ({ versions }: ReturnType<typeof open>, number: number): string[] =>
  CLIENTS.filter((client) => {
    const used = versions.begin(client);
    versions.end(used);
    return used.version === number;
  });

describe('a request', () => {
  it('gets the stable version when there is no other', () => {
    const opened = open();
    expect(clientsOn(opened, 1)).toHaveLength(CLIENTS.length);
  });

  it.each([0.05, 0.25, 0.5, 1])('gets the candidate in a share of about %d', (shareRatio) => {
    const opened = open();
    opened.apply({ candidate: { ...version(2), shareRatio } });
    expect(clientsOn(opened, 2).length / CLIENTS.length).toBeCloseTo(shareRatio, 1);
  });

  it('is never moved back by a share that grows', () => {
    const shares = fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 2, max: 1_000 }), (growing, number) => {
        const opened = open();
        let before: string[] = [];
        for (const shareRatio of growing.sort((a, b) => a - b)) {
          opened.apply({ candidate: { ...version(number), shareRatio } });
          const on = new Set(clientsOn(opened, number));
          expect(before.every((client) => on.has(client))).toBe(true);
          before = [...on];
        }
      }),
      { numRuns: 20 },
    );
  });

  it('keeps its version until it ends, and the version stays for it', () => {
    const { versions, retired, apply } = open();
    const used = versions.begin('a client');
    apply({ stable: version(2) });
    expect(versions.begin('a client').version).toBe(2);
    expect([used.version, used.live.text, retired]).toEqual([1, 'config 1', []]);
    expect(versions.draining).toEqual([used]);
    versions.end(used);
    expect(retired).toEqual([1]);
    expect(versions.draining).toEqual([]);
  });

  it('ends once', () => {
    const { versions } = open();
    const used = versions.begin('a client');
    versions.end(used);
    expect(() => versions.end(used)).toThrow(/ended twice/);
  });
});

describe('a version', () => {
  it('that nobody uses goes at once', () => {
    const { retired, apply } = open();
    apply({ stable: version(2) });
    expect(retired).toEqual([1]);
  });

  it('to go back to stays ready, and is not built again', () => {
    const { versions, retired, built, apply } = open();
    apply({ stable: version(2), standby: version(1) });
    expect([versions.standby?.version, retired]).toEqual([1, []]);
    apply({ stable: version(1) });
    expect([versions.stable.version, built, retired]).toEqual([1, [1, 2], [2]]);
  });

  it('to go back to is not built for that', () => {
    const { versions, built, apply } = open();
    apply({ standby: version(7) });
    expect([versions.standby, built]).toEqual([null, [1]]);
  });

  it('that is on its way out is taken back instead of built again', () => {
    const { versions, built, retired, apply } = open();
    const used = versions.begin('a client');
    apply({ stable: version(2) });
    apply({ stable: version(1) });
    versions.end(used);
    expect([versions.stable, built, retired]).toEqual([used, [1, 2], [2]]);
  });

  it('goes under its requests when too many are on their way out, the oldest first', () => {
    const { versions, retired, apply } = open(2);
    const first = versions.begin('a client');
    for (const number of [2, 3, 4]) {
      apply({ stable: version(number) });
      versions.begin('a client');
    }
    expect([retired, versions.draining.map((one) => one.version)]).toEqual([[1], [2, 3]]);
    versions.end(first);
    expect(retired, 'not a second time').toEqual([1]);
  });

  it('goes with all others when the reader ends', () => {
    const { versions, retired, apply } = open();
    versions.begin('a client');
    apply({ stable: version(2), standby: version(1), candidate: { ...version(3), shareRatio: 0.5 } });
    versions.close();
    expect(retired.sort()).toEqual([1, 2, 3]);
  });
});

describe('a plan', () => {
  it('that is older is refused with both numbers', () => {
    const { versions } = open();
    const plan = (order: number, number: number) => ({
      order,
      stable: version(number),
      candidate: null,
      standby: null,
    });
    expect(versions.apply(plan(9, 2))).toEqual({ outcome: 'applied' });
    expect(versions.apply(plan(7, 3))).toEqual({
      outcome: 'refused',
      reason: 'order 7 is older than order 9, which is in force here',
    });
    expect([versions.stable.version, versions.order]).toEqual([2, 9]);
  });
});
