/**
 * The starvation probe: does nothing but keep time at the workers' own priority, and tells when it could not. Its
 * neighbours can spoil a run without the generator or the gateway noticing: those run at a higher priority.
 */
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { LoopWatch } from '../core/loop-watch.js';
import type { FromProbe, ProbeArgument, ToProbe } from './messages.js';

const REPORT_INTERVAL_MS = 100;

const { intervalMs, limitMs } = childArgument<ProbeArgument>();
const link = parentLink<ToProbe, FromProbe>();
const watch = new LoopWatch(wallClock, intervalMs, limitMs);
const reporting = wallClock.every(REPORT_INTERVAL_MS, () => {
  link.send({ type: 'delay', atMs: wallClock.nowMs(), delay: watch.read() });
});
link.onMessage(() => {
  watch.stop();
  reporting.cancel();
  process.disconnect();
});
