/** Thresholds of a scenario: the language of `core/thresholds.ts` over the metrics of a run. */
import {
  type Expression,
  type MetricCatalogue,
  parseThreshold as parse,
  parseExpression,
  type Scope,
  type Threshold,
} from '../../core/thresholds.js';
import { findMetric, METRICS, namesLike } from './metrics.js';

const CATALOGUE: MetricCatalogue = {
  find: findMetric,
  examples: METRICS.map(({ example }) => example),
  namesLike,
};

/** What names may occur in a scenario's thresholds, besides the metrics. */
export type ScenarioScope = Omit<Scope, 'metrics'>;

/** @throws ThresholdError */
export const parseThreshold = (text: string, scope: ScenarioScope): Threshold =>
  parse(text, { ...scope, metrics: CATALOGUE });

/** A metric, or what can be reckoned of several, without a comparison. @throws ThresholdError */
export const parseMetric = (text: string, scope: ScenarioScope): Expression =>
  parseExpression(text, { ...scope, metrics: CATALOGUE });
