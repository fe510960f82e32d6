/** Each request that waits holds memory. A queue without bound is then a leak that ends when the load does, or before. */
import { defineFault, type Undo } from './fault.js';

export const queueMemory = defineFault({
  description: 'each request that waits for a slot holds memory until it gets one or leaves',
  clientSees: 'under overload 502 by V8’s abort (SIGABRT) where there would have been 504',
  standsFor: 'OpenAI 2023-11-08; Discord 2017-03-20 (buffers fill); Spotify 2025-04-16',
  takes: { perRequest: '500KiB' },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { perRequest }) => {
    const held = new Set<Undo>();
    const leave = site.onWait(() => {
      const giveBack = site.runtime.hold(perRequest, 'heap');
      held.add(giveBack);
      return () => {
        if (held.delete(giveBack)) giveBack();
      };
    });
    return () => {
      leave();
      for (const giveBack of held) giveBack();
      held.clear();
    };
  },
});
