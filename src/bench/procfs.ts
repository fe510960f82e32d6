/**
 * What a process cost, read from Linux's /proc: which processes serve a port, the processor time they used, and the
 * most memory they held. Elsewhere, and for processes of other users, there is nothing to read, and nothing is claimed.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';

/** Processor time in /proc/PID/stat is in ticks of a hundredth of a second on every Linux (`USER_HZ`, proc(5)). */
const TICK_MS = 10;

/** A process may go at any moment; then there is nothing to read of it. */
const readOr = <Fallback>(path: string, fallback: Fallback): string | Fallback => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
};

/** Fields of /proc/PID/stat from the third on (proc(5)): the second is a name, and may hold blanks and brackets. */
const statFields = (pid: number): string[] | null => {
  const text = readOr(`/proc/${pid}/stat`, null);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
};

const allProcesses = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const LISTENING = '0A';

/** Inodes of the sockets that listen on a port, of both address families. */
const listeningInodes = (port: number): Set<string> => {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readOr(table, '').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING && local.endsWith(`:${wanted}`) && inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
};

/** @returns whatever there is to read; a file may be closed while the others are looked at. */
const openSockets = (pid: number): string[] => {
  const read = <Value>(look: () => Value, otherwise: Value): Value => {
    try {
      return look();
    } catch {
      return otherwise;
    }
  };
  return read(() => readdirSync(`/proc/${pid}/fd`), []).flatMap((fd) => {
    const match = /^socket:\[(\d+)\]$/.exec(read(() => readlinkSync(`/proc/${pid}/fd/${fd}`), ''));
    return match === null ? [] : [match[1]!];
  });
};

const holds = (pid: number, inodes: ReadonlySet<string>): boolean =>
  openSockets(pid).some((inode) => inodes.has(inode));

/** The processes and everything they started, which are still there. */
const withDescendants = (pids: readonly number[]): number[] => {
  const parents = new Map(allProcesses().map((pid) => [pid, Number(statFields(pid)?.[1] ?? 0)]));
  const found = new Set(pids);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
};

/** The processes that serve a port on this machine: who listens on it, and whoever these started. */
export const processesServing = (port: number): number[] => {
  if (!existsSync('/proc/net/tcp')) return [];
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return [];
  return withDescendants(allProcesses().filter((pid) => holds(pid, inodes)));
};

/** Processor time of the threads a process has now, milliseconds, to the nanosecond; 0 where the kernel keeps none. */
const threadsMs = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const ns = Number(readOr(`/proc/${pid}/task/${thread}/schedstat`, '0').split(' ', 1)[0]);
      return sum + ns / 1e6;
    }, 0);
  } catch {
    return 0;
  }
};

const ticksMs = (pid: number): number => {
  const fields = statFields(pid);
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

/**
 * Processor time each of these processes has used so far, with all its threads, in user and kernel mode, milliseconds.
 * The threads' own counters are exact, where a tick is three hundredths of a round of 300 ms; but they go with their
 * thread, so the process's ticks are the floor.
 */
export const cpuMsOf = (pids: readonly number[]): Map<number, number> =>
  new Map(pids.map((pid) => [pid, Math.max(threadsMs(pid), ticksMs(pid))]));

/** @returns `null` when there were none, or one has gone: what they used together would be no difference. */
export const cpuMsBetween = (
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
): number | null => {
  let used = 0;
  for (const [pid, beforeMs] of before) {
    const afterMs = after.get(pid) ?? 0;
    if (afterMs < beforeMs) return null;
    used += afterMs - beforeMs;
  }
  return before.size > 0 ? used : null;
};

/** Sets each process's high-water mark of resident memory back to what it holds now (proc(5), `clear_refs`). */
export const resetPeak = (pids: readonly number[]): void => {
  for (const pid of pids) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, '5');
    } catch {
      // The mark then counts from the process's start.
    }
  }
};

const KIBIBYTE = 1024;

/** High-water marks of resident memory, added up: an upper bound, since shared pages count in each. */
export const peakBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readOr(`/proc/${pid}/status`, ''));
    return match === null ? sum : sum + Number(match[1]) * KIBIBYTE;
  }, 0);
