/** Runs a small scenario that comes with badgateway, for a lesson or a challenge. */
import { wallClock } from '../core/clock.js';
import type { Engine } from '../scenarios/engines.js';
import { parseScenario } from '../scenarios/parse.js';
import type { VariantResult } from '../scenarios/result.js';
import { BUILT_IN } from '../scenarios/targets/choice.js';
import { listenForInterruption } from './interruption.js';
import type { ProgressOutput } from './progress.js';
import { RUNS } from './run-engines.js';

export interface SmallRun {
  readonly text: string;
  /** As messages name it. */
  readonly file: string;
  readonly engine: Engine;
  /** Only these variants; default all. */
  readonly variants?: readonly string[];
  /** Where its progress goes; `null`: nowhere. */
  readonly output: ProgressOutput | null;
}

/** So many, of which a player may well remember one. */
const SEEDS = 10_000;

/** Of a challenge for whoever asks for none. */
export const anySeed = (): number => Math.floor(wallClock.nowMs()) % SEEDS;

/** Where progress is shown: of seconds in virtual time only where a line can change. */
export const smallRunOutput = (engine: Engine): ProgressOutput | null => {
  const { stderr } = process;
  const isTTY = stderr.isTTY ?? false;
  if (engine === 'virtual' && !isTTY) return null;
  return { write: (text) => void stderr.write(text), isTTY, columns: stderr.columns ?? 80 };
};

/** @returns `null`: it was interrupted. */
export const runSmall = async ({
  text,
  file,
  engine,
  variants: wanted,
  output,
}: SmallRun): Promise<VariantResult[] | null> => {
  const options = { engine };
  const scenario = parseScenario(text, file, options);
  const variants = scenario.variants.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const { signal, release } = listenForInterruption();
  try {
    const plan = {
      ...{ engine, scenario, variants, source: { text, file, options }, seeds: [scenario.seed] },
      ...{ targets: [BUILT_IN], missing: [], skipped: [] },
    };
    const [replication] = await RUNS[engine](plan, signal, output);
    return signal.aborted || replication === undefined ? null : [...replication.variants];
  } finally {
    release();
  }
};
