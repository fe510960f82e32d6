/** The process ends: by an exception, an exit, SIGKILL as the kernel does it for want of memory, or SIGABRT. */
import { defineFault } from './fault.js';

export const crash = defineFault({
  description: 'ends the process at once',
  clientSees: '502 for what it had in hand, then 502 (refused) until it is back or taken out',
  standsFor: 'seed 000 "unexpected bugs"; Heroku 2012-06-07; Spotify 2025-04-16',
  takes: { how: 'exit' },
  lasts: 'moment',
  survivesRestart: false,
  begin: ({ runtime }, { how }) => {
    runtime.die(how);
    return () => {};
  },
});
