/**
 * The reaper: a small detached process that holds one end of a pipe to this one. When the pipe closes, however this
 * process ended, the reaper kills the children on its list and exits. The message channel's `disconnect` is only the
 * polite way: a spinning child never hears it, and a stopped one cannot.
 *
 * On the wire: `+PID`, `*PID`, `-PID`, `!PID`, `>FOLDER` and `<FOLDER`, one a line (see `reaper-process.ts`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export class Reaper {
  readonly #process: ChildProcess;
  readonly exited: Promise<void>;

  constructor() {
    const entry = fileURLToPath(new URL('../../dist/core/reaper-process.js', import.meta.url));
    this.#process = spawn(process.execPath, [entry], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    // A reaper that is gone cannot be written to; the run goes on without its protection.
    this.#process.stdin?.on('error', () => {});
    this.exited = new Promise((resolve) => {
      this.#process.on('close', () => resolve());
      this.#process.on('error', () => resolve());
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  watch(pid: number): void {
    this.#process.stdin?.write(`+${pid}\n`);
  }

  /** The same, of a process and all that it starts: it leads a process group of its own. */
  watchGroup(pid: number): void {
    this.#process.stdin?.write(`*${pid}\n`);
  }

  forget(pid: number): void {
    this.#process.stdin?.write(`-${pid}\n`);
  }

  /** A folder for temporary files, which is to go with this process if nobody removes it before. */
  watchFolder(folder: string): void {
    this.#process.stdin?.write(`>${folder}\n`);
  }

  forgetFolder(folder: string): void {
    this.#process.stdin?.write(`<${folder}\n`);
  }

  /** Kills one on the list now; for a process that is not a child of this one, and may be gone already. */
  end(pid: number): void {
    this.#process.stdin?.write(`!${pid}\n`);
  }

  /** Closes the pipe: whatever is still on the list is killed, then the reaper exits. */
  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.exited;
  }
}
