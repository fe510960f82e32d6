/** What Ctrl-C and a plain kill mean to a command that runs for a while. */
import { EXIT_CODES } from '../core/errors.js';

/** The first one aborts the signal, for a clean end; a second one is for a user in a hurry. */
export const interruption = (): { signal: AbortSignal; release(): void } => {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
};
