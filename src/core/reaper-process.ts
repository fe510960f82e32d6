/**
 * The reaper's own program: see `reaper.ts`. It never kills a process that merely got the number of a dead one: it
 * notes a process's start time when told to watch it, and looks again before it kills (where `/proc` exists).
 */
import { readFileSync } from 'node:fs';
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

const watched = new Map<number, string | undefined>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const kill = (pid: number): void => {
  if (startTime(pid) !== watched.get(pid)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself in the meantime.
  }
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const pid = Number(line.slice(1));
    if (!Number.isInteger(pid) || pid <= 1) return;
    if (line[0] === '+') {
      watched.set(pid, startTime(pid));
      return;
    }
    if (line[0] === '!' && watched.has(pid)) kill(pid);
    watched.delete(pid);
  })
  .on('close', () => {
    for (const pid of watched.keys()) kill(pid);
    process.exit(0);
  });
