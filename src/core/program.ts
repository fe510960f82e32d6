/**
 * Programs that are not ours: a gateway of another revision, a peer in a benchmark, git. They have no message channel;
 * what they say is on stdout, and the reaper knows of each, so that none survives this process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { wallClock } from './clock.js';
import type { Reaper } from './reaper.js';

export interface ProgramOptions {
  /** Name in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * It starts others that may outlive it, as nginx does: signals are for all of them, and when it has ended none is left.
   * Ctrl-C in a terminal does not reach them by itself. Default false.
   */
  readonly leadsGroup?: boolean;
  /** A file to which its standard output is added; default: the end of it is kept here. */
  readonly stdoutFile?: string;
  readonly reaper: Reaper;
}

/** How much of the end of each output is kept. */
const TAIL_CHARS = 16_384;

export class Program {
  readonly name: string;
  readonly pid: number;
  /** Resolves with the exit code (`null`: by a signal, or never started) once everything written has been read. */
  readonly exited: Promise<number | null>;
  #running = true;
  #stdout = '';
  #stderr = '';
  readonly #process: ChildProcess;
  readonly #leadsGroup: boolean;
  readonly #watchers = new Set<() => void>();

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.#leadsGroup = options.leadsGroup ?? false;
    const stdout = options.stdoutFile === undefined ? null : openSync(options.stdoutFile, 'a');
    this.#process = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
      detached: this.#leadsGroup,
    });
    if (stdout !== null) closeSync(stdout);
    this.pid = this.#process.pid ?? 0;
    if (this.pid !== 0) {
      if (this.#leadsGroup) options.reaper.watchGroup(this.pid);
      else options.reaper.watch(this.pid);
    }
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-TAIL_CHARS);
      for (const watcher of this.#watchers) watcher();
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-TAIL_CHARS);
    });
    this.exited = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.#running = false;
        options.reaper.forget(this.pid);
        for (const watcher of this.#watchers) watcher();
        resolve(code);
      };
      // Its output is closed when the last of its group is gone, so these must not wait for it.
      this.#process.on('exit', () => this.#endGroup());
      this.#process.on('close', end);
      this.#process.on('error', (error) => {
        this.#stderr += error.message;
        end(null);
      });
    });
  }

  /** The last 16 KiB. */
  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** @returns the match, once stdout holds one. @throws when the program ends, or says nothing of it in time. */
  says(pattern: RegExp, withinMs: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#watchers.delete(look);
        timer.cancel();
        finish();
      };
      const look = (): void => {
        const match = pattern.exec(this.#stdout);
        if (match !== null) settle(() => resolve(match));
        else if (!this.#running) settle(() => reject(new Error(`${this.name} ended:\n${this.lastWords}`)));
      };
      const timer = wallClock.after(withinMs, () => {
        settle(() =>
          reject(new Error(`${this.name} was not ready after ${withinMs / 1000}s:\n${this.lastWords}`)),
        );
      });
      this.#watchers.add(look);
      look();
    });
  }

  /** The end of all that it wrote, to show why it ended. */
  get lastWords(): string {
    return `${this.#stdout}${this.#stderr}`.trim();
  }

  get running(): boolean {
    return this.#running;
  }

  /** Sends it a signal, and to all that it started if it leads a group; one that is gone gets none. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#running || this.pid === 0) return;
    if (this.#leadsGroup) signalGroup(this.pid, signal);
    else this.#process.kill(signal);
  }

  /** Asks with SIGTERM, and after `graceMs` insists with SIGKILL. */
  async stop(graceMs: number): Promise<void> {
    if (!this.#running) return;
    // The leader of a group ends the others in its own way.
    this.#process.kill('SIGTERM');
    const insist = wallClock.after(graceMs, () => this.signal('SIGKILL'));
    await this.exited;
    insist.cancel();
  }

  #endGroup(): void {
    if (this.#leadsGroup && this.pid !== 0) signalGroup(this.pid, 'SIGKILL');
  }
}

const signalGroup = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of it is left.
  }
};

/** How long a program has to end by itself when it is not wanted any more. */
const STOP_GRACE_MS = 1_000;

/**
 * Runs a program to its end, or until `signal` is aborted.
 * @returns what it printed.
 * @throws with its last words when it fails.
 */
export const runProgram = async (options: ProgramOptions & { signal?: AbortSignal }): Promise<string> => {
  const program = new Program(options);
  const stop = (): void => {
    void program.stop(STOP_GRACE_MS);
  };
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop, { once: true });
  const code = await program.exited;
  options.signal?.removeEventListener('abort', stop);
  if (code !== 0) {
    const how = code === null ? 'did not run' : `ended with code ${code}`;
    throw new Error(`${options.name} ${how}:\n${`${program.stdout}${program.stderr}`.trim()}`);
  }
  return program.stdout;
};
