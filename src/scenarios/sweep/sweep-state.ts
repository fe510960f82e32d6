/**
 * What a sweep has measured so far, in a file to go on from: a line of JSON that says what is swept, and one for each run,
 * appended when it ends. A line that a kill cut off is measured again.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { UserError } from '../../core/errors.js';
import { runKey } from './grid.js';
import type { MeasuredRun } from './measured-run.js';
import type { SweepPlan } from './sweep-plan.js';

const VERSION = 1;

/** What has to be the same for runs to be comparable. Values, variants and seeds may be others: a sweep may grow. */
const headOf = ({ text, overrides, parameters, metrics }: SweepPlan): object => ({
  kind: 'sweep-state',
  version: VERSION,
  parameters: parameters.map(({ name }) => name),
  metrics: metrics.map((metric) => metric.text),
  set: overrides.map(({ path, value }) => [path.join('.'), value]),
  scenario: text,
});

const refused = (file: string, why: string): UserError => new UserError('usage', `--resume ${file}: ${why}`);

/** What differs between two heads, in words. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  version: 'it was written by another version of badgateway',
  parameters: 'it varies other parameters',
  metrics: 'it measures other metrics',
  set: 'it was made with another --set',
  scenario: 'the scenario was another one then',
};

const parseHead = (line: string): Record<string, unknown> | null => {
  try {
    const head = JSON.parse(line) as Record<string, unknown> | null;
    return head?.kind === 'sweep-state' ? head : null;
  } catch {
    return null;
  }
};

const checkHead = (file: string, line: string, wanted: object): void => {
  const head = parseHead(line);
  if (head === null) {
    throw refused(file, 'is not the file of a sweep; name another, or one that does not exist yet');
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (JSON.stringify(head[key]) === JSON.stringify(value)) continue;
    throw refused(file, `${DIFFERENCES[key] ?? `its ${key} is another`}; name another file`);
  }
};

export class SweepState {
  readonly #file: string | null;
  readonly #done = new Map<string, MeasuredRun>();

  /**
   * @param file `null`: nothing is kept for another time.
   * @throws UserError when the file is of another sweep, or of none, or cannot be used.
   */
  constructor(file: string | null, plan: SweepPlan) {
    this.#file = file;
    if (file === null) return;
    const head = headOf(plan);
    try {
      if (existsSync(file) && readFileSync(file, 'utf8').trim() !== '') this.#read(file, head);
      else writeFileSync(file, `${JSON.stringify(head)}\n`);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw refused(file, (error as Error).message);
    }
  }

  /** @returns what was measured of these runs. */
  of(runs: readonly Pick<MeasuredRun, 'point' | 'variant' | 'seed'>[]): MeasuredRun[] {
    return runs.flatMap((run) => this.#done.get(runKey(run)) ?? []);
  }

  has(run: Pick<MeasuredRun, 'point' | 'variant' | 'seed'>): boolean {
    return this.#done.has(runKey(run));
  }

  add(run: MeasuredRun): void {
    this.#done.set(runKey(run), run);
    if (this.#file !== null) appendFileSync(this.#file, `${JSON.stringify(run)}\n`);
  }

  #read(file: string, head: object): void {
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const [first = '', ...lines] = whole.split('\n').slice(0, -1);
    checkHead(file, first, head);
    for (const [index, line] of lines.entries()) {
      try {
        const run = JSON.parse(line) as MeasuredRun;
        this.#done.set(runKey(run), run);
      } catch {
        throw refused(file, `line ${index + 2} is no run; take it out, and it is measured again`);
      }
    }
    // What follows is written behind whole lines.
    truncateSync(file, Buffer.byteLength(whole));
  }
}
