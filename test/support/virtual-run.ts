/** Runs a scenario in virtual time within the test's own thread: for scenarios whose gateway keeps no time by itself. */
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { drive } from '../../src/core/virtual-drive.js';
import type { RequestRecord } from '../../src/scenarios/clients/clients.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runVariant } from '../../src/scenarios/runner.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';
import { type VirtualCosts, VirtualWorld } from '../../src/scenarios/virtual/virtual-world.js';

/** As a queue in a book has them: none. */
export const NO_COSTS: VirtualCosts = { latencyMs: 0, linkMs: 0, gatewayMs: 0, requestMs: 0 };

export interface VirtualRun {
  readonly result: VariantResult;
  readonly records: readonly RequestRecord[];
}

export const runHere = async (text: string, seed: number, costs = NO_COSTS): Promise<VirtualRun> => {
  const clock = new VirtualClock();
  const [variant] = parseScenario(text, 'test.yaml', { seed, engine: 'virtual' }).variants;
  const records: RequestRecord[] = [];
  const onRecord = (record: RequestRecord): void => void records.push(record);
  const { signal } = new AbortController();
  const makeWorld = (): VirtualWorld => new VirtualWorld(variant!, clock, { costs, onRecord });
  const result = await drive(runVariant(variant!, { makeWorld, signal }), { clock });
  return { result, records };
};

/** In a thread of the engine, as users run it: for whatever opossum has a part in, which keeps its own time. */
export const runInThread = async (text: string, seed: number): Promise<VariantResult> => {
  const file = 'test.yaml';
  const options = { seed, engine: 'virtual' } as const;
  const scenario = parseScenario(text, file, options);
  const { signal } = new AbortController();
  const [result] = await runVirtually(
    scenario,
    scenario.variants,
    { text, file, options },
    { signal, threads: 1 },
  );
  return result!;
};
