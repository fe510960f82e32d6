/**
 * Requests that kill whoever serves them ("query of death"). Which ones is decided by the request and not by the worker:
 * sent again, to whomever, it kills again. So a retry carries the death to the next worker. With `path` they are some
 * clients' requests alone, and one can see what the innocent ones get.
 */
import { fingerprintOf } from '../fingerprint.js';
import { isBelow } from './chosen.js';
import { defineFault } from './fault.js';
import { poisoned } from './poisoned.js';

/** Long enough that others have come to stand beside it. */
const SERVED_FOR_MS = 5;

export const poison = defineFault({
  description: 'requests that kill the process that serves them, on every try',
  clientSees: '502 for all that were in the same process; with retries, the same again from the next',
  standsFor: 'seed 001 "unhandled exceptions"; incident.io 2022-11-18; Google Cloud 2025-06-12',
  takes: { share: '1%', path: null, how: 'throw' },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { share, path, how }) =>
    site.onArrival(({ request }) => {
      if (!isBelow(path, request) || !poisoned(fingerprintOf(request), share)) return false;
      site.clock.after(SERVED_FOR_MS, () => site.runtime.die(how));
      return true;
    }),
});
