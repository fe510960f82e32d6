/** What of a config's versions is kept for the process that comes after: the good ones, and what numbers are taken. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import type { ConfigChange } from '../../../src/delivery/config-lock.js';
import { TrafficDelivery } from '../../../src/delivery/traffic-delivery.js';
import { resolveTrafficStrategy } from '../../../src/delivery/traffic-strategy.js';
import type { HistoryRecord } from '../../../src/delivery/version-history.js';

const AT_ONCE = resolveTrafficStrategy({});
const STAGED = resolveTrafficStrategy({ strategy: 'staged' });
const BY: ConfigChange = { by: 'a test', breakGlass: '' };

const begin = (history?: HistoryRecord<string>) => {
  const clock = new VirtualClock();
  const kept: HistoryRecord<string>[] = [];
  const delivery = new TrafficDelivery<string>({
    ...{ to: 'gateway', initial: 'first', history, clock },
    apply: () => null,
    check: () => null,
    emit: () => {},
    onSettled: (record) => kept.push(record),
  });
  return { delivery, kept };
};

describe('a version', () => {
  it('is kept when it serves everything, with what can be gone back to', () => {
    const { delivery, kept } = begin();
    delivery.push('second', AT_ONCE, BY);
    expect(kept).toEqual([
      {
        good: [
          { version: 1, config: 'first' },
          { version: 2, config: 'second' },
        ],
        numbered: 2,
      },
    ]);
  });

  it('that was rolled back is not, but its number stays taken', () => {
    const { delivery, kept } = begin();
    delivery.push('bad', AT_ONCE, BY);
    delivery.rollback('a test', 'ordered');
    expect(kept.at(-1)).toEqual({ good: [{ version: 1, config: 'first' }], numbered: 2 });
  });

  it('on its way is not', () => {
    const { delivery, kept } = begin();
    delivery.push('second', STAGED, BY);
    expect(kept).toEqual([]);
    delivery.rollback('a test', 'ordered');
    expect(kept).toEqual([]);
    delivery.stop();
  });
});

describe('a process that comes after', () => {
  it('goes on with the last good version, gives new numbers, and can go back', () => {
    const before = begin();
    before.delivery.push('second', AT_ONCE, BY);
    before.delivery.push('bad', AT_ONCE, BY);
    before.delivery.rollback('a test', 'ordered');
    const { delivery } = begin(before.kept.at(-1));
    expect([delivery.version, delivery.config]).toEqual([2, 'second']);
    expect(delivery.push('third', AT_ONCE, BY)).toMatchObject({ version: 4 });
    expect(delivery.rollback('a test', 'ordered')).toMatchObject({ version: 2 });
    expect(delivery.rollback('a test', 'ordered')).toMatchObject({ version: 1 });
    expect(delivery.rollback('a test', 'ordered')).toMatchObject({ accepted: false, status: 409 });
  });

  it('stands where the one before stood, whatever was pushed and rolled back', () => {
    const orders = fc.array(fc.constantFrom('push' as const, 'rollback' as const), { maxLength: 40 });
    fc.assert(
      fc.property(orders, (given) => {
        const { delivery, kept } = begin();
        let highest = 1;
        for (const [index, one] of given.entries()) {
          const outcome =
            one === 'push'
              ? delivery.push(`config ${index}`, AT_ONCE, BY)
              : delivery.rollback('a test', 'ordered');
          if (one === 'push' && outcome.accepted) highest = outcome.version;
        }
        const next = begin(kept.at(-1)).delivery;
        expect([next.version, next.config]).toEqual([delivery.version, delivery.config]);
        expect(next.push('new', AT_ONCE, BY)).toMatchObject({ version: highest + 1 });
      }),
    );
  });
});
