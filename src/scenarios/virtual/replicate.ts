/** The variants of a scenario with one seed after another, in virtual time. */
import { type Replication, withoutSeries } from '../replications/replications.js';
import type { VariantResult } from '../result.js';
import { checkResults } from '../runner.js';
import type { Scenario, Variant } from '../scenario.js';
import { measureVirtually, semiSpaceFor, type VirtualRunOptions } from './engine.js';
import type { ScenarioSource } from './messages.js';

export interface VirtualReplications {
  readonly scenario: Scenario;
  readonly variants: readonly Variant[];
  readonly source: ScenarioSource;
  readonly seeds: readonly number[];
}

/** @returns those that were begun, in the order of the seeds; only the first has its series, events and requests. */
export const replicateVirtually = async (
  { scenario, variants, source, seeds }: VirtualReplications,
  options: Pick<VirtualRunOptions, 'signal' | 'threads' | 'onProgress'>,
): Promise<Replication[]> => {
  const works = seeds.flatMap((seed) =>
    variants.map(({ name }) => ({
      source: { ...source, options: { ...source.options, seed } },
      variant: name,
    })),
  );
  const waiting = seeds.map((): VariantResult[] => []);
  const checked = new Map<number, VariantResult[]>();
  const check = (place: number): void => {
    const results = waiting[place]!.splice(0);
    const inOrder = variants.flatMap(({ name }) => results.find((one) => one.name === name) ?? []);
    const judged = checkResults(scenario, variants, inOrder);
    checked.set(place, place === 0 ? judged : judged.map(withoutSeries));
  };
  await measureVirtually(works, {
    semiSpaceMib: semiSpaceFor(variants),
    ...options,
    onVariantEnd: (result, index) => {
      const place = Math.floor(index / variants.length);
      waiting[place]!.push(result);
      // As soon as it can be: a run's series and events are large, and there may be hundreds of runs.
      if (waiting[place]!.length === variants.length) check(place);
      return withoutSeries(result);
    },
  });
  for (const [place, results] of waiting.entries()) if (results.length > 0) check(place);
  return seeds.flatMap((seed, place) => {
    const results = checked.get(place);
    return results === undefined ? [] : [{ seed, variants: results }];
  });
};
