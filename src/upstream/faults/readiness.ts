/** The readiness check says what is not so: ready when it is not, unready when it is, or what it said last. */
import { defineFault } from './fault.js';

export const readiness = defineFault({
  description: 'the readiness check says `ready`, `unready`, or for ever what it said last',
  clientSees:
    'unready: 503 when all say so, though all could serve; ready or stale: requests go to who cannot serve',
  standsFor: 'OpenAI 2025-01 (health checks fail under retrying users); Stack Overflow 2016',
  takes: { says: 'unready' },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { says }) => {
    let last: boolean | null = null;
    return site.onReadiness((truth) => {
      if (says !== 'stale') return says === 'ready';
      last ??= truth;
      return last;
    });
  },
});
