/**
 * A running nginx brought to another state, by a reload: the master reads the config again, starts new workers and lets
 * the old ones finish. nginx has no answer to the signal but its log, so that is what is watched.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sleep, wallClock } from '../../../core/clock.js';
import type { ProxyState, RunningProxy } from '../target.js';
import { CONFIG_FILE, ERROR_LOG, translate } from './translate.js';

/** Reading a config takes milliseconds; a machine that is busy may need longer. */
const TIMEOUT_MS = 15_000;

/** Between two looks at the log. */
const LOOK_MS = 10;

/** What has been added to a file since a place in it. */
const readFrom = (file: string, from: number): string => {
  if (!existsSync(file)) return '';
  const descriptor = openSync(file, 'r');
  try {
    const length = Math.max(0, fstatSync(descriptor).size - from);
    const buffer = Buffer.alloc(length);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, length, from));
  } finally {
    closeSync(descriptor);
  }
};

const sizeOf = (file: string): number => {
  if (!existsSync(file)) return 0;
  const descriptor = openSync(file, 'r');
  try {
    return fstatSync(descriptor).size;
  } finally {
    closeSync(descriptor);
  }
};

const pidsOf = (log: string, pattern: RegExp): Set<string> =>
  new Set([...log.matchAll(pattern)].map(([, pid]) => pid!));

/**
 * Workers that this master has started, by its log, and that have not left: those that a reload has to see go. The log
 * goes on from one master to the next, and workers of one that was killed have not said that they leave.
 */
const servingWorkers = (log: string, master: number): Set<string> => {
  const started = pidsOf(log, new RegExp(`\\[notice\\] ${master}#\\d+: start worker process (\\d+)`, 'g'));
  const gone = pidsOf(log, /\[notice\] (\d+)#\d+: (?:gracefully shutting down|exiting|exit)\b/g);
  const lost = pidsOf(log, /process (\d+) exited/g);
  return new Set([...started].filter((pid) => !gone.has(pid) && !lost.has(pid)));
};

/** Of the master, from the moment it took the signal: lines that say why it does not take the config. */
const refusalOf = (log: string, pid: number): string | null => {
  const at = log.indexOf('reconfiguring');
  if (at === -1) return null;
  const pattern = new RegExp(`\\[(?:emerg|alert|crit)\\] ${pid}#\\d+: (.*)`, 'g');
  const reasons = [...log.slice(at).matchAll(pattern)].map(([, reason]) => reason!);
  return reasons.length === 0 ? null : reasons.join('\n');
};

/** After the signal was heard, new workers have begun, and none of those before takes connections any more. */
const isDone = (news: string, before: ReadonlySet<string>): boolean => {
  const at = news.indexOf('reconfiguring');
  const log = at === -1 ? '' : news.slice(at);
  if (!/\[notice\] \d+#\d+: start worker process \d+/.test(log)) return false;
  const gone = pidsOf(log, /\[notice\] (\d+)#\d+: (?:gracefully shutting down|exiting|exit)\b/g);
  for (const pid of pidsOf(log, /process (\d+) exited/g)) gone.add(pid);
  return [...before].every((pid) => gone.has(pid));
};

/** @throws Error with what nginx has against the config; it then goes on with the one before. */
export const follow = async (running: RunningProxy, before: ProxyState, after: ProxyState): Promise<void> => {
  const { site, file, pid, ending } = running;
  if (basename(file) !== CONFIG_FILE) {
    throw new Error('runs a config of its own, which does not say who is drained');
  }
  const [old, wanted] = [translate(before, site), translate(after, site)];
  if (JSON.stringify(old.files) === JSON.stringify(wanted.files)) return;
  const log = join(site.folder, ERROR_LOG);
  const deadlineMs = wallClock.nowMs() + TIMEOUT_MS;
  // It takes connections a moment before it has workers, or hears signals.
  let serving = servingWorkers(readFrom(log, 0), pid);
  while (serving.size === 0 && wallClock.nowMs() <= deadlineMs) {
    await sleep(wallClock, LOOK_MS);
    ending.throwIfAborted();
    serving = servingWorkers(readFrom(log, 0), pid);
  }
  const from = sizeOf(log);
  process.kill(pid, 'SIGHUP');
  for (;;) {
    const news = readFrom(log, from);
    if (isDone(news, serving)) return;
    const refusal = refusalOf(news, pid);
    if (refusal !== null) throw new Error(refusal);
    if (wallClock.nowMs() > deadlineMs) {
      throw new Error(`did not finish its reload within ${TIMEOUT_MS / 1000}s`);
    }
    await sleep(wallClock, LOOK_MS);
    ending.throwIfAborted();
  }
};
