/**
 * A trial: before a config goes to any reader, one that serves nobody takes it over and is watched. A check sees what a
 * config says; only code that actuates it shows what it does (ChatGPT, 8 November 2024: a valid config, and every
 * worker that took it over ran out of memory).
 */
import { Duration, Optional, Percent, Section, type Static } from '../core/schema.js';
import { parseDurationMs, parseRatio } from '../core/units.js';

/** The key of a push that asks for it. */
export const TrialProperties = {
  trial: Optional(
    Section(
      {
        for: Optional(Duration('How long it is watched; default 1s.')),
        maxGrowth: Optional(
          Percent(
            'Growth of its heap, of the limit, that is still fine; default 25%. 100%: any, short of its death.',
          ),
        ),
      },
      'Tries it out first, on a process of its own that serves nobody: refused when that dies of it, or its heap grows too much.',
    ),
  ),
} as const;

export const TrialSchema = Section(TrialProperties, 'Whether a config is tried out first.');

export interface Trial {
  readonly forMs: number;
  /** Of the heap's limit. */
  readonly maxGrowthRatio: number;
}

/** @returns what is wrong with the config; `null`: nothing that was seen. */
export type TryOut<Config> = (config: Config, running: Config, trial: Trial) => Promise<string | null>;

/**
 * Fills in the defaults. A second, because what a config does to memory it does at every refresh, of which a second has
 * dozens; a quarter of the limit, because a process that serves nobody has no business filling its heap.
 *
 * @returns `null`: nobody asks for one.
 */
export const resolveTrial = ({ trial }: Static<typeof TrialSchema>): Trial | null =>
  trial === undefined
    ? null
    : {
        forMs: parseDurationMs(trial.for ?? '1s'),
        maxGrowthRatio: parseRatio(trial.maxGrowth ?? '25%'),
      };
