/** How many probes turn a worker, and why it gets no requests. */
import { describe, expect, it } from 'vitest';
import { Aside, type AsideReason } from '../../../../src/upstream/fleet/aside.js';
import { probeState, resolveReadiness } from '../../../../src/upstream/fleet/probe.js';

describe('probes', () => {
  it.each<[string, boolean, string, string]>([
    ['three failures in a row turn a good one', true, '+---', '...x'],
    ['a good answer between begins anew', true, '--+--+---', '........x'],
    ['one good answer turns it back', true, '---+', '..xo'],
    ['it turns once', true, '-----++', '..x..o.'],
    ['a bad one turns with its first good answer', false, '--+', '..o'],
  ])('%s', (_name, good, probes, expected) => {
    const state = probeState(resolveReadiness({ failures: 3 }), good);
    const turns = [...probes].map((probe) =>
      state.onCheck(probe === '+') ? (state.healthy ? 'o' : 'x') : '.',
    );
    expect(turns.join('')).toBe(expected);
  });
});

describe('a worker that is kept from requests', () => {
  const make = () => {
    const told: boolean[] = [];
    const traffic = {
      setDrained: async (_worker: string, drained: boolean) => {
        told.push(drained);
      },
    };
    return { aside: new Aside('worker-1', traffic), told };
  };

  it('gets them again when the last reason is gone, and the gateway is told twice', async () => {
    const { aside, told } = make();
    await aside.hold('unready');
    await aside.hold('leaving');
    await aside.release('unready');
    expect([aside.any, told]).toEqual([true, [true]]);
    await aside.release('leaving');
    expect([aside.any, told]).toEqual([false, [true, false]]);
  });

  it('is told in the order in which it was said', async () => {
    const order: string[] = [];
    let free = (): void => {};
    const first = new Promise<void>((resolve) => {
      free = resolve;
    });
    const aside = new Aside('worker-1', {
      setDrained: async (_worker, drained) => {
        if (drained) await first;
        order.push(drained ? 'drained' : 'undrained');
      },
    });
    void aside.hold('idle');
    const undrained = aside.release('idle');
    free();
    await undrained;
    expect(order).toEqual(['drained', 'undrained']);
  });

  it.each<[AsideReason[]]>([[['idle']], [['idle', 'leaving']]])('releases %s at once', async (reasons) => {
    const { aside, told } = make();
    for (const reason of reasons) await aside.hold(reason);
    await aside.release(...reasons);
    expect(told).toEqual([true, false]);
  });
});
