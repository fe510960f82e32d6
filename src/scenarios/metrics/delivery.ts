/** Values of metrics that are about config on its way to the workers. */
import type { VariantResult } from '../result.js';
import { ofWorkerConfig, workersGiven } from '../result-events.js';

/** Of the workers that a push went to, the share that was given a config which was rolled back later. */
export const blastRadius = (variant: VariantResult): number => {
  const rolledBack = new Set(ofWorkerConfig(variant, 'config.rolled-back').map(({ fields }) => fields.from));
  // Places where nobody runs are no workers; only a push knows how many it went to.
  const reached = ofWorkerConfig(variant, 'config.pushed')
    .filter(({ fields }) => rolledBack.has(fields.version))
    .map(({ fields }) => fields.readers);
  const workers = reached.length > 0 ? Math.max(...reached) : (variant.series[0]?.workers.length ?? 0);
  return workers === 0 ? Number.NaN : workersGiven(variant, rolledBack).size / workers;
};
