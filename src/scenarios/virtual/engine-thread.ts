/**
 * A thread of the virtual engine: runs one variant after another, each in a world and a time of its own. The globals that
 * tell and keep time are the virtual clock's before anything is loaded that keeps one of them for itself.
 */
import { parentPort } from 'node:worker_threads';
import { VirtualClock } from '../../core/virtual-clock.js';
import { drive } from '../../core/virtual-drive.js';
import { installVirtualGlobals } from '../../core/virtual-globals.js';
import type { FromEngine, ToEngine } from './messages.js';

/** When every run begins: the same for all, so that the dates in a result are the same too. */
const EPOCH_MS = Date.UTC(2025, 0, 1);

/** Of the work: more often nobody would see it, and each is a message to another thread. */
const PROGRESS_STEP = 1 / 200;

const port = parentPort!;
const tell = (message: FromEngine): void => port.postMessage(message);

let interrupt = (): void => {};

const run = async ({ source, variant: name }: Extract<ToEngine, { type: 'run' }>): Promise<void> => {
  const clock = new VirtualClock(EPOCH_MS);
  const restore = installVirtualGlobals(clock);
  try {
    const { parseScenario } = await import('../parse.js');
    const { runVariant } = await import('../runner.js');
    const { VirtualWorld } = await import('./virtual-world.js');
    const scenario = parseScenario(source.text, source.file, source.options);
    const variant = scenario.variants.find((one) => one.name === name)!;
    const controller = new AbortController();
    interrupt = () => controller.abort();
    const { signal } = controller;
    const done = runVariant(variant, {
      makeWorld: (one) => new VirtualWorld(one, clock),
      signal,
    });
    const endMs = variant.settleMs + variant.durationMs;
    let toldRatio = 0;
    const result = await drive(done, {
      clock,
      onSlice: () => {
        const doneRatio = Math.min(1, (clock.nowMs() - EPOCH_MS) / endMs);
        if (doneRatio < Math.min(1, toldRatio + PROGRESS_STEP) || doneRatio === toldRatio) return;
        toldRatio = doneRatio;
        tell({ type: 'progress', doneRatio });
      },
    });
    tell({ type: 'result', result: { ...result, machine: null } });
  } catch (error) {
    tell({ type: 'failed', message: (error as Error).stack ?? String(error) });
  } finally {
    restore();
  }
};

port.on('message', (message: ToEngine) => {
  if (message.type === 'interrupt') interrupt();
  else void run(message);
});
