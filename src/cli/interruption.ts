/** Ctrl-C and a plain kill end a command cleanly; a second one is for a user in a hurry. */
import { EXIT_CODES } from '../core/errors.js';

export interface Interruption {
  readonly signal: AbortSignal;
  release(): void;
}

export const listenForInterruption = (): Interruption => {
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

/** Resolves when it is; never otherwise. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
