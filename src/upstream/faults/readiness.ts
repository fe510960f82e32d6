/**
 * The readiness check (`/readyz`) says what is not so: ready when it is not, unready when it is, or for ever what was true
 * when it was first asked. Requests are served as ever.
 */
import { defineFault } from './fault.js';

export const readiness = defineFault({
  description:
    'the readiness check says `ready`, or `unready`, or for ever what was so when it was first asked (`stale`)',
  clientSees:
    'unready: 503 when all say so, though all could serve; ready or stale: requests go to who cannot serve',
  standsFor:
    'OpenAI 2025-01 (health checks fail under retrying users); Stack Exchange 2016-07-20 (the check fails, so all are out)',
  takes: { says: 'unready' },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { says }) => {
    let first: boolean | null = null;
    return site.onReadiness((truth) => {
      if (says !== 'stale') return says === 'ready';
      first ??= truth;
      return first;
    });
  },
});
