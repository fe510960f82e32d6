/**
 * Child processes: the one place that starts them.
 *
 * A child is a Node program from `dist/` with a message channel. It is started through `sh`, which switches core dumps
 * off, sets limits and lowers the priority before Node is loaded, and then replaces itself by Node, so signals and exit
 * states are the program's own. Every child is told to the reaper before anything else happens to it, so that none survives this
 * process, however it ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { wallClock } from './clock.js';
import type { Reaper } from './reaper.js';

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions<Received, Argument = unknown> {
  /** Name in messages. */
  readonly name: string;
  /** The compiled program, below `dist/`. */
  readonly entry: string;
  /** Passed as one JSON argument; read it with `childArgument()`. Every user of the machine can see it. */
  readonly argument: Argument;
  /** Laid over this process's own environment; what is `undefined` is not passed on. For what others must not see. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly reaper: Reaper;
  /** V8's limit for the old generation. Default: V8's own. */
  readonly heapLimitBytes?: number;
  /** Further flags of V8, such as `--min-semi-space-size=16`. */
  readonly v8Flags?: readonly string[];
  /** Added to the priority's nice value; 0 by default. */
  readonly nice?: number;
  /**
   * Files and connections it may have open (`ulimit -n`, both limits, since Node raises the soft one to the hard one).
   * Default: as many as this process. More than the machine allows cannot be had: it stays at what the machine allows.
   */
  readonly openFiles?: number;
  readonly onMessage: (message: Received) => void;
}

/** What is said of one child; the program and how it runs are its spawner's. */
export type ChildSpawn<Argument, Received> = Pick<
  ChildOptions<Received, Argument>,
  'name' | 'argument' | 'onMessage'
>;

/** How much of the end of stderr is kept: V8's last words and a stack fit, a flood does not. */
const STDERR_TAIL_CHARS = 16_384;

const MEBIBYTE = 1024 ** 2;

/** Where compiled programs are, seen from `src/core` and from `dist/core` alike: children always run `dist/`. */
const entryPath = (entry: string): string => fileURLToPath(new URL(`../../dist/${entry}`, import.meta.url));

export class Child<Sent, Received> {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process is gone and everything it wrote has been read. */
  readonly exited: Promise<ChildExit>;
  #stderr = '';
  #running = true;
  readonly #process: ChildProcess;

  constructor(options: ChildOptions<Received>) {
    this.name = options.name;
    const nodeArgs = [...(options.v8Flags ?? [])];
    if (options.heapLimitBytes)
      nodeArgs.push(`--max-old-space-size=${Math.round(options.heapLimitBytes / MEBIBYTE)}`);
    const files = options.openFiles ? `ulimit -n ${options.openFiles} 2>/dev/null; ` : '';
    const command = `ulimit -c 0; ${files}exec ${options.nice ? `nice -n ${options.nice} ` : ''}"$0" "$@"`;
    this.#process = spawn(
      '/bin/sh',
      [
        '-c',
        command,
        process.execPath,
        ...nodeArgs,
        entryPath(options.entry),
        JSON.stringify(options.argument),
      ],
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...process.env, ...options.environment } },
    );
    this.pid = this.#process.pid ?? 0;
    if (this.pid !== 0) options.reaper.watch(this.pid);
    this.#process.on('message', (message) => options.onMessage(message as Received));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    this.exited = new Promise((resolve) => {
      this.#process.on('close', (code, signal) => {
        this.#running = false;
        options.reaper.forget(this.pid);
        resolve({ code, signal });
      });
      this.#process.on('error', (error) => {
        this.#running = false;
        this.#stderr += error.message;
        resolve({ code: null, signal: null });
      });
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** The last 16 KiB of what the process wrote to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Sends a message; a process that is already gone drops it. */
  send(message: Sent): void {
    if (this.#process.connected) this.#process.send(message as object, () => {});
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.#running) this.#process.kill(signal);
  }

  /** Asks with `message`, and after `graceMs` insists with SIGKILL. */
  async stop(message: Sent, graceMs: number): Promise<void> {
    this.send(message);
    const insist = wallClock.after(graceMs, () => this.kill());
    await this.exited;
    insist.cancel();
  }
}

/** A child that ends when it is asked to, or a model of one. */
export type StoppableChild<Sent> = Pick<
  Child<Sent, unknown>,
  'pid' | 'name' | 'stderr' | 'exited' | 'send' | 'stop'
>;

/** How a child ended, with its last words. */
export const exitText = (
  { name, stderr }: { readonly name: string; readonly stderr: string },
  { code, signal }: ChildExit,
): string => {
  const last = stderr.trim();
  return `the ${name} ended with ${signal ?? `code ${code}`}${last === '' ? '' : `:\n${last}`}`;
};

/** Inside a child: what the parent passed, and the channel back. */
export interface ParentLink<Received, Sent> {
  send(message: Sent): void;
  onMessage(listener: (message: Received) => void): void;
}

export const childArgument = <Argument>(): Argument => JSON.parse(process.argv[2] ?? 'null') as Argument;

/** Inside a child: a value of `environment`, which is taken out of it, so that children of this one do not get it too. */
export const takeFromEnvironment = (name: string): string | undefined => {
  const value = process.env[name];
  delete process.env[name];
  return value;
};

/**
 * Connects a child to its parent. Ctrl-C reaches the whole foreground process group; the parent decides what it means,
 * so a child ignores it. A parent that is gone takes the child with it.
 */
export const parentLink = <Received, Sent>(): ParentLink<Received, Sent> => {
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('disconnect', () => process.exit(0));
  return {
    send: (message) => {
      if (process.connected) process.send?.(message as object, undefined, undefined, () => {});
    },
    onMessage: (listener) => {
      process.on('message', (message) => listener(message as Received));
    },
  };
};

/**
 * Starts another program and lets it go: nothing waits for it, and it outlives this process. One that is not there is
 * not an error.
 */
export const startDetached = (command: string, args: readonly string[]): void => {
  const child = spawn(command, args, { detached: true, stdio: 'ignore' });
  child.on('error', () => {});
  child.unref();
};
