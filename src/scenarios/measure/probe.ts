/**
 * The starvation probe: a process at the workers' own priority that does a little work at an interval, and tells how
 * long it had to wait for a processor meanwhile. Neighbours can spoil a run without the generator or the gateway
 * noticing, because those have a higher priority than the workers.
 *
 * It has to work and not only to sleep: the kernel lets a process that just woke run almost at once, however busy the
 * machine is, and makes it wait only when it goes on. (Measured with four busy neighbours on two cores: a sleeping
 * probe saw no delay above 100 ms in 1,500 samples, while the workers got a seventh of a processor each.)
 */
import { childArgument, parentLink } from '../../core/child.js';
import { wallClock } from '../../core/clock.js';
import type { FromProbe, ProbeArgument, ToProbe } from '../messages.js';

const REPORT_INTERVAL_MS = 100;

const { intervalMs, workMs } = childArgument<ProbeArgument>();
const link = parentLink<ToProbe, FromProbe>();

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Uses `workMs` of processor time. @returns how long it did not get any. */
const work = (): number => {
  const startMs = wallClock.nowMs();
  const startCpuMs = cpuMs();
  let usedMs = 0;
  while (usedMs < workMs) usedMs = cpuMs() - startCpuMs;
  return Math.max(0, wallClock.nowMs() - startMs - usedMs);
};

let waitsMs: number[] = [];
const working = wallClock.every(intervalMs, () => waitsMs.push(work()));
const reporting = wallClock.every(REPORT_INTERVAL_MS, () => {
  link.send({ type: 'waits', atMs: wallClock.nowMs(), waitsMs });
  waitsMs = [];
});
link.onMessage(() => {
  working.cancel();
  reporting.cancel();
  process.disconnect();
});
