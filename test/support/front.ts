/** Whole runs of a scenario that is about what stands before the workers. */
import { parseScenario } from '../../src/scenarios/parse.js';
import { RealWorld } from '../../src/scenarios/real-world.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runScenario } from '../../src/scenarios/runner.js';

/** Runs the one variant of a scenario, given as text. */
export const runText = async (text: string): Promise<VariantResult> => {
  const parsed = parseScenario(text, 'test.yaml');
  const [result] = await runScenario(parsed, parsed.variants, {
    makeWorld: (variant) => new RealWorld(variant),
    signal: new AbortController().signal,
  });
  return result!;
};
