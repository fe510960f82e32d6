/** How far a sweep is, on stderr: a line that changes on a terminal, and a line for each tenth elsewhere. */
import type { Clock } from '../core/clock.js';
import { formatDuration, formatRatio } from '../core/units.js';
import type { ProgressOutput } from './progress.js';

const STEPS_IN_A_LOG = 10;

/** Runs after which the time that is left is guessed: the first ones wait for the threads to start. */
const ENOUGH_TO_GUESS = 4;

export class SweepProgress {
  readonly #output: ProgressOutput;
  readonly #clock: Clock;
  readonly #total: number;
  /** What was measured at an earlier time took none of this one. */
  #before: number | null = null;
  #startedMs = 0;
  #step = -1;
  #shown = '';

  /** @param total runs. */
  constructor(output: ProgressOutput, clock: Clock, total: number) {
    this.#output = output;
    this.#clock = clock;
    this.#total = total;
  }

  update(done: number): void {
    const { isTTY } = this.#output;
    if (this.#before === null) {
      this.#before = done;
      this.#startedMs = this.#clock.nowMs();
    }
    const step = Math.floor((done / this.#total) * STEPS_IN_A_LOG);
    if (!isTTY && step <= this.#step) return;
    this.#step = step;
    const share = formatRatio(Math.floor((done / this.#total) * 100) / 100);
    const text = `  ${done} of ${this.#total} runs, ${share}${this.#leftText(done, this.#before)}`;
    this.#clear();
    this.#shown = isTTY ? text : '';
    this.#output.write(isTTY ? text : `${text}\n`);
  }

  end(): void {
    this.#clear();
  }

  #leftText(done: number, before: number): string {
    const left = this.#total - done;
    if (left === 0 || done - before < ENOUGH_TO_GUESS) return '';
    const eachMs = (this.#clock.nowMs() - this.#startedMs) / (done - before);
    return `, about ${formatDuration(Math.ceil((eachMs * left) / 1000) * 1000)} left`;
  }

  #clear(): void {
    if (this.#shown !== '') this.#output.write(`\r${' '.repeat(this.#shown.length)}\r`);
    this.#shown = '';
  }
}
