/** HAProxy's command line on a unix socket: one line of commands, and what is answered until it closes. */
import { connect } from 'node:net';
import type { Clock } from '../../../core/clock.js';

/** It answers at once, or does not any more: a master that begins anew forgets who has asked. */
const ANSWER_MS = 1_000;

/**
 * @param commands without line breaks; they are done one after another.
 * @returns what was answered, without the empty lines around it.
 * @throws Error when nobody listens there, or nothing is answered in time.
 */
export const command = (path: string, commands: readonly string[], clock: Clock): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path);
    const timer = clock.after(ANSWER_MS, () =>
      socket.destroy(new Error(`HAProxy did not answer on its socket within ${ANSWER_MS} ms`)),
    );
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      timer.cancel();
      resolve(text.trim());
    });
    // Ended here, for a master closes when its client has: it goes on waiting for commands otherwise.
    socket.end(`${commands.join(';')}\n`);
  });

/** One worker of a master, or the master itself. */
export interface ProcessLine {
  readonly pid: number;
  readonly kind: 'master' | 'worker';
  /** Whether it is of the config that serves; those of an old one end what they have. */
  readonly current: boolean;
  /** How often the master has begun anew. */
  readonly reloads: number;
  /** How often in a row that went wrong; of workers 0. */
  readonly failed: number;
}

/** Reads the answer of a master to `show proc`. */
export const readProcesses = (text: string): ProcessLine[] => {
  const processes: ProcessLine[] = [];
  let current = true;
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) current = !line.startsWith('# old');
    const [, pid, kind, reloads, failed] =
      /^(\d+)\s+(master|worker)\s+(\d+)(?:\s+\[failed: (\d+)\])?/.exec(line) ?? [];
    if (pid === undefined) continue;
    processes.push({
      pid: Number(pid),
      kind: kind === 'master' ? 'master' : 'worker',
      current,
      reloads: Number(reloads),
      failed: Number(failed ?? 0),
    });
  }
  return processes;
};

export interface ServerLine {
  /** As commands want it, `backend/server`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Reads the answer of a worker to `show servers state`. */
export const readServers = (text: string): ServerLine[] => {
  const [, head = '', ...lines] = text.split('\n');
  const columns = head.replace(/^# /, '').split(' ');
  return lines.flatMap((line) => {
    const words = line.split(' ');
    const at = (column: string): string => words[columns.indexOf(column)] ?? '';
    if (at('srv_name') === '') return [];
    return [
      { name: `${at('be_name')}/${at('srv_name')}`, host: at('srv_addr'), port: Number(at('srv_port')) },
    ];
  });
};
