/** A sweep before anything runs: what is varied, in which variants, with which seeds, and what is measured; all checked. */
import { DocumentError, type DocumentProblem } from '../../core/document/document.js';
import type { Override } from '../../core/document/overrides.js';
import { UserError } from '../../core/errors.js';
import { type Expression, refsIn, ThresholdError } from '../../core/thresholds.js';
import { selectorScopeOf } from '../clients/selectors.js';
import { parseMetric } from '../metrics/thresholds.js';
import { parseScenario } from '../parse.js';
import type { Scenario, Variant } from '../scenario.js';
import { semiSpaceFor } from '../virtual/engine.js';
import type { ScenarioSource } from '../virtual/messages.js';
import { type Point, pointsOf, pointText, runsOf, type SweepRun } from './grid.js';
import { hiddenCapacityOf, type KnownOrNot } from './hidden-capacity.js';
import type { Parameter } from './parameters.js';

/** What is mapped when nobody says: whether service is good when the cause is gone. */
const WINDOW = 'after';
const METRIC = 'availability';

/** Problems told of at once: a bad path is the same in every point, a bad value in each that has it. */
const MAX_PROBLEMS = 10;

export interface SweepMetric {
  /** As it was written. */
  readonly text: string;
  readonly expression: Expression;
}

export interface SweepPlan {
  readonly file: string;
  readonly text: string;
  /** Of `--set`, the same in every run. */
  readonly overrides: readonly Override[];
  readonly scenario: Scenario;
  readonly parameters: readonly Parameter[];
  readonly variants: readonly string[];
  readonly seeds: readonly number[];
  /** At least one; the first is mapped. */
  readonly metrics: readonly SweepMetric[];
  /** Every run, in the order in which they are begun. */
  readonly runs: readonly SweepRun[];
  /** The hidden capacity of a variant at a point. */
  readonly hiddenAt: (variant: string, point: Point) => KnownOrNot;
  /** For the largest fleet of any point. */
  readonly semiSpaceMib: number;
}

export interface SweepRequest {
  readonly file: string;
  readonly text: string;
  readonly overrides: readonly Override[];
  readonly parameters: readonly Parameter[];
  /** Chooses among the scenario's. @throws UserError */
  readonly chooseVariants: (scenario: Scenario) => readonly string[];
  /** From that of the file on, or a list. */
  readonly seeds: (seed: number) => readonly number[];
  /** Empty: the default. */
  readonly metrics: readonly string[];
}

const overridesAt = (
  { overrides, parameters }: Pick<SweepPlan, 'overrides' | 'parameters'>,
  point: Point,
): Override[] => [...overrides, ...parameters.map(({ path }, index) => ({ path, value: point[index] }))];

/** What a thread is given for a run. */
export const sourceOf = (plan: SweepPlan, { point, seed }: SweepRun): ScenarioSource => ({
  file: plan.file,
  text: plan.text,
  options: { engine: 'virtual', seed, overrides: overridesAt(plan, point) },
});

const parseOne = (text: string, { windows, clients }: Variant): Expression => {
  const scope = {
    variants: [],
    windows: windows.map(({ name }) => name),
    selectors: selectorScopeOf(clients),
  };
  try {
    return parseMetric(text, scope);
  } catch (error) {
    if (!(error instanceof ThresholdError)) throw error;
    throw new UserError('usage', `--metric ${text}: column ${error.column}: ${error.message}`, {
      cause: error,
    });
  }
};

const resolveMetrics = (texts: readonly string[], variants: readonly Variant[]): SweepMetric[] => {
  const hasWindow = variants.every(({ windows }) => windows.some(({ name }) => name === WINDOW));
  const wanted = texts.length > 0 ? texts : [hasWindow ? `${METRIC}[${WINDOW}]` : METRIC];
  const twice = wanted.find((text, index) => wanted.indexOf(text) !== index);
  if (twice !== undefined) throw new UserError('usage', `--metric ${twice} is there twice`);
  return wanted.map((text) => {
    const [expression] = variants.map((variant) => parseOne(text, variant));
    if (refsIn(expression!).length === 0) {
      throw new UserError('usage', `--metric ${text}: names no metric, so it is the same everywhere`);
    }
    return { text, expression: expression! };
  });
};

const flagOf = (path: string, { parameters }: SweepRequest): string => {
  // A path of a message has the places in lists in brackets.
  const plain = path.replaceAll(/\[(\d+)\]/g, '.$1');
  return parameters.some(({ name }) => plain === name || plain.startsWith(`${name}.`)) ? '--vary' : '--set';
};

/** Every point, parsed: a value that no scenario takes is told of before anything runs. @throws DocumentError */
const parsePoints = (
  request: SweepRequest,
  variants: readonly string[],
): Pick<SweepPlan, 'hiddenAt' | 'semiSpaceMib'> => {
  const hidden = new Map<string, KnownOrNot>();
  let semiSpaceMib = 0;
  const problems = new Map<string, DocumentProblem>();
  for (const point of pointsOf(request.parameters)) {
    try {
      const overrides = overridesAt(request, point);
      const parsed = parseScenario(request.text, request.file, { engine: 'virtual', overrides });
      for (const variant of parsed.variants) {
        if (!variants.includes(variant.name)) continue;
        hidden.set(JSON.stringify([variant.name, point]), hiddenCapacityOf(variant));
        semiSpaceMib = Math.max(semiSpaceMib, semiSpaceFor([variant]));
      }
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      const where = point.length === 0 ? '' : ` (at ${pointText(request.parameters, point)})`;
      for (const problem of error.problems) {
        const { path, message } = problem;
        const key = `${path} ${message}`;
        if (problems.has(key)) continue;
        problems.set(key, { ...problem, flag: flagOf(path, request), message: `${message}${where}` });
      }
      if (problems.size >= MAX_PROBLEMS) break;
    }
  }
  if (problems.size > 0) {
    throw new DocumentError(request.file, [...problems.values()].slice(0, MAX_PROBLEMS));
  }
  return { hiddenAt: (variant, point) => hidden.get(JSON.stringify([variant, point]))!, semiSpaceMib };
};

/**
 * @throws UserError for what the command says wrongly, and for too many runs.
 * @throws DocumentError for a scenario that is wrong, as it stands or at one of the points.
 */
export const planSweep = (request: SweepRequest): SweepPlan => {
  const { file, text, overrides, parameters } = request;
  const scenario = parseScenario(text, file, { engine: 'virtual', overrides });
  const variants = request.chooseVariants(scenario);
  const chosen = scenario.variants.filter(({ name }) => variants.includes(name));
  const metrics = resolveMetrics(request.metrics, chosen);
  const seeds = request.seeds(scenario.seed);
  const runs = runsOf(parameters, variants, seeds);
  return {
    ...{ file, text, overrides, scenario, parameters, variants, seeds, metrics, runs },
    ...parsePoints(request, variants),
  };
};
