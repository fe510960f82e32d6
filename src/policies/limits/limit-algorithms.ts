/** Every limit algorithm by the name a config uses. To add one: a file beside this one and a line here. */
import type { Random } from '../../core/random.js';
import { AIMD_DEFAULTS, AimdLimit, type AimdOptions } from './aimd.js';
import { FixedLimit, type FixedOptions } from './fixed.js';
import { GRADIENT_DEFAULTS, GradientLimit, type GradientOptions } from './gradient.js';
import { GRADIENT2_DEFAULTS, Gradient2Limit, type Gradient2Options } from './gradient2.js';
import type { LimitAlgorithm } from './limit-algorithm.js';
import { VEGAS_DEFAULTS, VegasLimit, type VegasOptions } from './vegas.js';

/** What each can be told; what it is not told is its default. A fixed limit has none: somebody has to choose it. */
export interface LimitOptions {
  readonly fixed: FixedOptions;
  readonly aimd: Partial<AimdOptions>;
  readonly vegas: Partial<VegasOptions>;
  readonly gradient2: Partial<Gradient2Options>;
  readonly gradient: Partial<GradientOptions>;
}

export type LimitName = keyof LimitOptions;

export const LIMIT_ALGORITHMS: {
  readonly [Name in LimitName]: (options: LimitOptions[Name], random: Random) => LimitAlgorithm;
} = {
  fixed: (options) => new FixedLimit(options),
  aimd: (options) => new AimdLimit({ ...AIMD_DEFAULTS, ...options }),
  vegas: (options, random) => new VegasLimit({ ...VEGAS_DEFAULTS, ...options }, random),
  gradient2: (options) => new Gradient2Limit({ ...GRADIENT2_DEFAULTS, ...options }),
  gradient: (options, random) => new GradientLimit({ ...GRADIENT_DEFAULTS, ...options }, random),
};
