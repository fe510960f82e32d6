/**
 * One processor for the target, the others for whoever loads it. Processes that wander between processors lose their
 * caches on the way and share cores now with this neighbour, now with that one; a request of the same code then costs
 * up to a tenth more or less from one second to the next. Done by `taskset` (util-linux), where there is one.
 */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { runProgram } from '../core/program.js';
import type { Reaper } from '../core/reaper.js';

export interface Pinning {
  /** Set before a target's program, so that it runs on its processor; empty: nothing is pinned. */
  readonly launcher: readonly string[];
}

export const NOT_PINNED: Pinning = { launcher: [] };

/** `0-2,5` → 0, 1, 2, 5. */
export const parseCpuList = (text: string): number[] =>
  text
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
    });

/** The processors this process may run on. */
const allowedCpus = (): number[] => {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '');
  } catch {
    return [];
  }
};

/**
 * Keeps the last processor for targets, and moves the processes that load them to the others.
 * @param pids processes that run already.
 */
export const pin = async (reaper: Reaper, pids: readonly number[]): Promise<Pinning> => {
  const cpus = allowedCpus();
  if (cpus.length < 2 || availableParallelism() < 2) return NOT_PINNED;
  const own = String(cpus.at(-1));
  const others = cpus.slice(0, -1).join(',');
  try {
    for (const pid of pids) {
      const args = ['--all-tasks', '--cpu-list', '--pid', others, String(pid)];
      await runProgram({ name: 'taskset', command: 'taskset', args, reaper });
    }
    return { launcher: ['taskset', '--cpu-list', own] };
  } catch {
    return NOT_PINNED;
  }
};
