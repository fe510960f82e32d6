/**
 * Much garbage, and much that is alive beside it: every collection has to copy or mark what lives, and nothing else runs
 * meanwhile. The memory in use stays the same; it is the time that goes.
 */
import { defineFault } from './fault.js';

const TICK_MS = 10;
const BYTES_PER_OBJECT = 64;

interface Item {
  value: number;
  text: string;
  next: Item | null;
}

export const gcPressure = defineFault({
  description: 'makes garbage all the time beside a lot that stays alive, so that collections take long',
  clientSees: 'answers that are slow now and then, the more the closer the heap is to its limit',
  standsFor: 'OpenAI 2023-11-08 (collector falls behind); Google Cloud load balancing 2017-04-05',
  takes: { live: '24MiB', perSecond: '200MiB' },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { live, perSecond }) => {
    const kept: (Item | null)[] = new Array(Math.ceil(live / BYTES_PER_OBJECT)).fill(null);
    let next = 0;
    const perTick = Math.ceil((perSecond * TICK_MS) / 1000 / BYTES_PER_OBJECT);
    const timer = site.clock.every(TICK_MS, () => {
      for (let made = 0; made < perTick; made++) {
        // Each takes the place of an old one and points at another: the young generation cannot be looked at alone.
        const other = kept[(next * 7919) % kept.length] ?? null;
        if (other !== null) other.next = null;
        kept[next] = { value: made + 0.5, text: 'x', next: other };
        next = (next + 1) % kept.length;
      }
    });
    return () => {
      timer.cancel();
      kept.length = 0;
    };
  },
});
