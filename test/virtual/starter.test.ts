/** What `init` writes runs as it is, with several seeds, and shows what it claims. */
import { expect, it } from 'vitest';
import { parseScenario } from '../../src/scenarios/parse.js';
import { checkResults } from '../../src/scenarios/runner.js';
import { starterText } from '../../src/scenarios/starter.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';

const WAIT_MS = 60_000;

it.each([undefined, 1, 2, 3])(
  'the starter passes, with seed %s',
  async (seed) => {
    const file = 'my-outage.yaml';
    const text = starterText('my-outage', 'scenario.schema.json');
    const options = { engine: 'virtual', ...(seed !== undefined && { seed }) } as const;
    const scenario = parseScenario(text, file, options);
    const { signal } = new AbortController();
    const results = await runVirtually(scenario, scenario.variants, { text, file, options }, { signal });
    const judged = checkResults(scenario, scenario.variants, results);
    expect(judged.map(({ name, verdict, reasons }) => [name, verdict, reasons])).toEqual(
      scenario.variants.map(({ name }) => [name, 'pass', []]),
    );
  },
  WAIT_MS,
);
