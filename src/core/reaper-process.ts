/**
 * The reaper's own program: see `reaper.ts`. It never kills a process that merely got the number of a dead one: it
 * notes a process's start time when told to watch it, and looks again before it kills (where `/proc` exists).
 */
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Field 22 of `/proc/PID/stat` (proc(5)); the name in field 2 may hold spaces, so count from its closing bracket. */
const startTime = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

interface Watched {
  readonly startedAt: string | undefined;
  readonly leadsGroup: boolean;
}

const watched = new Map<number, Watched>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const kill = (pid: number): void => {
  const { startedAt, leadsGroup } = watched.get(pid)!;
  const now = startTime(pid);
  // A number is not given out again while a group of it has members: without its leader, the group is still the same.
  if (now !== startedAt && !(leadsGroup && now === undefined)) return;
  try {
    process.kill(leadsGroup ? -pid : pid, 'SIGKILL');
  } catch {
    // It went by itself in the meantime.
  }
};

const folders = new Set<string>();

/** A process that was killed a moment ago may still be writing there; waits 100 ms longer each time. */
const REMOVE_RETRIES = 5;

const remove = (folder: string): void => {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });
  } catch {
    // Not ours to remove, or busy for good: the others are to go all the same.
  }
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line[0] === '>') folders.add(line.slice(1));
    if (line[0] === '<') folders.delete(line.slice(1));
    const pid = Number(line.slice(1));
    if (!Number.isInteger(pid) || pid <= 1) return;
    if (line[0] === '+' || line[0] === '*') {
      watched.set(pid, { startedAt: startTime(pid), leadsGroup: line[0] === '*' });
      return;
    }
    if (line[0] === '!' && watched.has(pid)) kill(pid);
    watched.delete(pid);
  })
  .on('close', () => {
    for (const pid of watched.keys()) kill(pid);
    for (const folder of folders) remove(folder);
    process.exit(0);
  });
