/** A scenario's only variant on real processes; a run that the machine spoiled proves nothing and is made again. */
import { vi } from 'vitest';
import { openControl } from '../../src/scenarios/control/control.js';
import { machineProblems } from '../../src/scenarios/metrics/verdict.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import { RealWorld } from '../../src/scenarios/real-world.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runScenario } from '../../src/scenarios/runner.js';

/** Then it is the test's to judge, whatever it is. */
const TRIES = 4;

// A run takes as long as its load, some seconds, and booting on a busy machine.
vi.setConfig({ testTimeout: TRIES * 30_000 });

interface Asked<Answer> {
  readonly result: VariantResult;
  /** What was asked of the run that counts. */
  readonly answer: Answer;
}

const runOnce = async <Answer>(
  text: string,
  ask: (address: string) => Promise<Answer>,
): Promise<Asked<Answer>> => {
  const scenario = parseScenario(text, 'test.yaml');
  let asked: Promise<Answer> | null = null;
  const [result] = await runScenario(scenario, scenario.variants, {
    makeWorld: (variant) => new RealWorld(variant),
    openControl,
    signal: new AbortController().signal,
    onVariantStart: (_variant, _world, control) => {
      asked = ask(control!.address);
    },
  });
  return { result: result!, answer: await asked! };
};

/** @param ask called with the address of the control API when the load begins, in each run that is made. */
export const runAndAsk = async <Answer>(
  text: string,
  ask: (address: string) => Promise<Answer>,
): Promise<Asked<Answer>> => {
  for (let tries = 1; ; tries++) {
    const asked = await runOnce(text, ask);
    if (tries === TRIES || machineProblems(asked.result.machine).length === 0) return asked;
  }
};

export const runReally = async (text: string): Promise<VariantResult> =>
  (await runAndAsk(text, async () => {})).result;

/** Once, for tests whose findings a slow machine does not change. */
export const runOnceReally = async (text: string): Promise<VariantResult> =>
  (await runOnce(text, async () => {})).result;

/** By hand, what a timeline could do. @returns the status, and what was said. */
export const postToTimeline = async (address: string, entry: object): Promise<[number, string]> => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${address}/timeline`, {
    method: 'POST',
    body: JSON.stringify(entry),
    headers,
  });
  return [response.status, await response.text()];
};
