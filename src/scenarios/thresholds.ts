/** Thresholds of a scenario: the language of `core/thresholds.ts` over the metrics of a run. */
import {
  type MetricCatalogue,
  parseThreshold as parse,
  type Scope,
  type Threshold,
} from '../core/thresholds.js';
import { findMetric, METRICS } from './metrics.js';

const CATALOGUE: MetricCatalogue = { find: findMetric, examples: METRICS.map(({ example }) => example) };

/** What names may occur in a scenario's thresholds, besides the metrics. */
export type ScenarioScope = Omit<Scope, 'metrics'>;

/** @throws ThresholdError */
export const parseThreshold = (text: string, scope: ScenarioScope): Threshold =>
  parse(text, { ...scope, metrics: CATALOGUE });
