/** The process is gone, and nothing listens on its port; at the end it is started again. */
import { defineDependencyFault } from './dependency-fault.js';

export const down = defineDependencyFault({
  description: 'its process is killed, and started again on the same port when it is over',
  workerSees: 'open connections that are reset, then connections that are refused at once',
  standsFor: 'seed 001 "Database maintenance operations" and "Third-Party Service Failures"',
  kinds: ['database', 'third-party'],
  takes: {},
  survivesRestart: true,
  kills: true,
});
