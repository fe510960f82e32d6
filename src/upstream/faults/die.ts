/** The ways a process ends before its time. */
import type { ParameterValue } from './parameters.js';

const ENDS: Readonly<Record<ParameterValue<'how'>, () => void>> = {
  throw: () => {
    // Not in the turn of whoever handles a request or a message: there somebody might catch it.
    queueMicrotask(() => {
      throw new Error('an injected exception that nobody catches');
    });
  },
  exit: () => process.exit(1),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
};

export const die = (how: ParameterValue<'how'>): void => ENDS[how]();
