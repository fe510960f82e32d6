/** A scenario's only variant on real processes; a run that the machine spoiled proves nothing and is made again. */
import { parseScenario } from '../../src/scenarios/parse.js';
import { RealWorld } from '../../src/scenarios/real-world.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runScenario } from '../../src/scenarios/runner.js';
import { machineProblems } from '../../src/scenarios/verdict.js';

/** Then it is the test's to judge, whatever it is. */
const TRIES = 4;

export const runReally = async (text: string): Promise<VariantResult> => {
  const { signal } = new AbortController();
  const scenario = parseScenario(text, 'test.yaml');
  for (let tries = 1; ; tries++) {
    const [result] = await runScenario(scenario, scenario.variants, {
      makeWorld: (variant) => new RealWorld(variant),
      signal,
    });
    if (tries === TRIES || machineProblems(result!.machine).length === 0) return result!;
  }
};
