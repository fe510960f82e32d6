/** How far a run in virtual time is, on stderr: a line that changes on a terminal, and a line for each quarter elsewhere. */
import { formatRatio } from '../core/units.js';
import type { ProgressOutput } from './progress.js';

const STEPS_IN_A_LOG = 4;

export class VirtualProgress {
  readonly #output: ProgressOutput;
  #shown = '';
  #step = 0;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  update(doneRatio: number): void {
    const { isTTY } = this.#output;
    const step = Math.floor(doneRatio * STEPS_IN_A_LOG);
    if (!isTTY && step <= this.#step) return;
    this.#step = step;
    const text = `  ${formatRatio(Math.floor(doneRatio * 100) / 100)} of the virtual time`;
    if (text === this.#shown) return;
    this.#clear();
    this.#shown = isTTY ? text : '';
    this.#output.write(isTTY ? text : `${text}\n`);
  }

  end(): void {
    this.#clear();
  }

  #clear(): void {
    if (this.#shown !== '') this.#output.write(`\r${' '.repeat(this.#shown.length)}\r`);
    this.#shown = '';
  }
}
