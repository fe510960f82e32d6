/** `badgateway list`: the bundled scenarios, and what they are for. */
import { DocumentError } from '../core/document/document.js';
import { EXIT_CODES } from '../core/errors.js';
import { formatDuration } from '../core/units.js';
import { ENGINES, type Engine } from '../scenarios/engines.js';
import { libraryNames, readLibrary } from '../scenarios/library.js';
import { parseScenario } from '../scenarios/parse.js';
import type { Scenario } from '../scenarios/scenario.js';

/** Starting the processes of a variant, and stopping them: four variants of 31 s take 130 s on two cores. */
const START_AND_STOP_MS = 1_300;

/** How long all variants take in real time, about. */
export const realTimeMs = ({ variants }: Pick<Scenario, 'variants'>): number =>
  variants.reduce((sum, { durationMs, settleMs }) => sum + durationMs + settleMs + START_AND_STOP_MS, 0);

/** Those that can run a scenario file that is right. */
export const enginesOf = (text: string, file: string): Engine[] =>
  ENGINES.filter((engine) => {
    try {
      parseScenario(text, file, { engine, remote: true });
      return true;
    } catch (error) {
      if (error instanceof DocumentError) return false;
      throw error;
    }
  });

const describe = (name: string) => {
  const [text, file] = [readLibrary(name), `${name}.yaml`];
  const scenario = parseScenario(text, file);
  const { title, reproduces, variants } = scenario;
  return {
    name,
    title,
    reproduces,
    variants: variants.map((variant) => variant.name),
    realTimeMs: realTimeMs(scenario),
    engines: enginesOf(text, file),
  };
};

export const listScenarios = (json: boolean): number => {
  const scenarios = libraryNames().map(describe);
  if (json) {
    process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
    return EXIT_CODES.pass;
  }
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const indent = ''.padEnd(width);
  for (const { name, title, reproduces, variants, realTimeMs: ms, engines } of scenarios) {
    const virtual = engines.includes('virtual') ? ', or seconds in virtual time' : '; real time only';
    const lines = [
      `${name.padEnd(width)}  ${title}`,
      ...(reproduces.length > 0 ? [`${indent}  reproduces: ${reproduces.join(', ')}`] : []),
      `${indent}  variants: ${variants.join(', ')}`,
      `${indent}  takes: about ${formatDuration(ms)}${virtual}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return EXIT_CODES.pass;
};
