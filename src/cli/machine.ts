/** What this machine has of what a run needs, looked at and not judged. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, freemem } from 'node:os';
import { delimiter, join } from 'node:path';
import { sleep, wallClock } from '../core/clock.js';
import { runProgram } from '../core/program.js';
import { Reaper } from '../core/reaper.js';
import { medianOf } from '../core/statistics.js';

/** Programs that runs or tests use where they are there. */
export const TOOLS = ['nginx', 'haproxy', 'chromium'] as const;

/** Addresses that runs listen on: the usual one, one of the others of 127.0.0.0/8, and IPv6's. */
export const ADDRESSES = ['127.0.0.1', '127.0.0.2', '::1'] as const;

export interface Machine {
  /** `20.19.0`. */
  readonly node: string;
  readonly platform: string;
  /** That this process may use. */
  readonly cpus: number;
  /** That can be had without swapping. */
  readonly freeBytes: number;
  /** Files a process may have open; `null`: unknown. */
  readonly openFiles: number | null;
  /** Ports for outgoing connections; `null`: unknown. */
  readonly ports: number | null;
  /** Why nothing can listen there; empty: it can. */
  readonly listening: Readonly<Record<(typeof ADDRESSES)[number], string>>;
  /** Smallest step of the clock. */
  readonly clockStepMs: number;
  /** How much later than asked a timer of 1 ms runs, the median. */
  readonly timerLateMs: number;
  /** Why no process can be started; empty: it can. */
  readonly childProblem: string;
  /** Where each tool is; `null`: nowhere. */
  readonly tools: Readonly<Record<(typeof TOOLS)[number], string | null>>;
}

const listenOn = (host: string): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(0, host, () => server.close(() => resolve('')));
  });

/** Where services are, which are on few users' path. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];

const findTool = (name: string): string | null => {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((one) => one !== ''), ...MORE_FOLDERS];
  for (const folder of folders) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // It is not there; the next folder may have it.
    }
  }
  return null;
};

/** Node raises the soft limit to the hard one by itself. */
const readOpenFiles = (): number | null => {
  const report = process.report.getReport() as { userLimits?: { open_files?: { hard: number | string } } };
  const hard = report.userLimits?.open_files?.hard;
  if (hard === 'unlimited') return Number.POSITIVE_INFINITY;
  return typeof hard === 'number' ? hard : null;
};

const readPorts = (): number | null => {
  try {
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const [first, last] = range.trim().split(/\s+/).map(Number) as [number, number];
    return last - first + 1;
  } catch {
    return null;
  }
};

const readFreeBytes = (): number => {
  const { availableMemory } = process as { availableMemory?: () => number };
  return availableMemory?.call(process) ?? freemem();
};

const CLOCK_READS = 10_000;

const readClockStepMs = (): number => {
  let least = Number.POSITIVE_INFINITY;
  let before = wallClock.nowMs();
  for (let read = 0; read < CLOCK_READS; read++) {
    const now = wallClock.nowMs();
    if (now > before) least = Math.min(least, now - before);
    before = now;
  }
  return least;
};

const TIMER_MS = 1;
const TIMERS = 25;

const readTimerLateMs = async (): Promise<number> => {
  const late: number[] = [];
  for (let timer = 0; timer < TIMERS; timer++) {
    const startedMs = wallClock.nowMs();
    await sleep(wallClock, TIMER_MS);
    late.push(wallClock.nowMs() - startedMs - TIMER_MS);
  }
  return medianOf(late);
};

/** As workers are started: by a shell that sets limits and a priority, and then becomes Node. */
const startChild = async (): Promise<string> => {
  const reaper = new Reaper();
  try {
    const command = 'ulimit -c 0; exec nice -n 5 "$0" "$@"';
    const args = ['-c', command, process.execPath, '-e', ''];
    await runProgram({ name: 'a child process', command: '/bin/sh', args, reaper });
    return '';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await reaper.stop();
  }
};

const byName = <Name extends string, Value>(names: readonly Name[], values: readonly Value[]) =>
  Object.fromEntries(names.map((name, index) => [name, values[index]])) as Record<Name, Value>;

/** Takes about a tenth of a second. */
export const readMachine = async (): Promise<Machine> => ({
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  cpus: availableParallelism(),
  freeBytes: readFreeBytes(),
  openFiles: readOpenFiles(),
  ports: readPorts(),
  listening: byName(ADDRESSES, await Promise.all(ADDRESSES.map(listenOn))),
  clockStepMs: readClockStepMs(),
  timerLateMs: await readTimerLateMs(),
  childProblem: await startChild(),
  tools: byName(TOOLS, TOOLS.map(findTool)),
});
