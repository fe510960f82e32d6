/** Each request that waits holds memory. A queue without bound is then a leak that ends when the load does, or before. */
import { defineFault } from './fault.js';

export const queueMemory = defineFault({
  description: 'each request that waits for a slot holds memory until it gets one or leaves',
  clientSees: 'under overload 502 by V8’s abort where there would have been 504',
  standsFor: 'Spotify 2025-04-16; OpenAI 2024-04-10; Discord 2017',
  takes: { perRequest: '500KiB' },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { perRequest }) => {
    const held = new Set<number[]>();
    return site.onWait(() => {
      const memory = new Array<number>(Math.ceil(perRequest / 8)).fill(0.5);
      held.add(memory);
      return () => held.delete(memory);
    });
  },
});
