/**
 * A worker's own cache is empty. Each key costs `factor` times as long until it has been asked for once; which key a
 * request asks for is as uneven as it usually is (Zipf), so the hot ones are back soon and the long tail is not.
 */
import { defineFault } from './fault.js';

export const cacheLost = defineFault({
  description:
    'an empty cache of `keys` keys; a request for one that is not there takes `factor` times as long',
  clientSees:
    'late answers and 504 at first, better as the cache fills, unless the load keeps it from filling',
  standsFor: 'Slack 2022-02-22 and Honeycomb 2022-09-08 (an empty cache keeps itself empty)',
  takes: { factor: 5, keys: 1_000 },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { factor, keys }) => {
    const cached = new Set<number>();
    return site.onService((serviceMs) => {
      // The inverse of Zipf's law with exponent 1, near enough: equally often between 1 and 10 as between 10 and 100.
      const key = Math.floor(keys ** site.random.next());
      if (cached.has(key)) return serviceMs;
      cached.add(key);
      return serviceMs * factor;
    });
  },
});
