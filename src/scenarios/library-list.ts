/** What there is of each bundled scenario: for lists, and for whoever chooses one. */
import { type Clock, sleep } from '../core/clock.js';
import { DocumentError } from '../core/document/document.js';
import { ENGINES, type Engine } from './engines.js';
import { libraryNames, readLibrary } from './library.js';
import type { ScenarioAnswer } from './live/api.js';
import { parseScenario } from './parse.js';
import type { Scenario } from './scenario.js';

/** Starting the processes of a variant, and stopping them: four variants of 31 s take 130 s on two cores. */
const START_AND_STOP_MS = 1_300;

/** How long all variants take in real time, about. */
export const realTimeMs = ({ variants }: Pick<Scenario, 'variants'>): number =>
  variants.reduce((sum, { durationMs, settleMs }) => sum + durationMs + settleMs + START_AND_STOP_MS, 0);

/** Those that can run a scenario file that is right. */
export const enginesOf = (text: string, file: string): Engine[] =>
  ENGINES.filter((engine) => canRun(text, file, engine));

const canRun = (text: string, file: string, engine: Engine): boolean => {
  try {
    parseScenario(text, file, { engine, remote: true });
    return true;
  } catch (error) {
    if (error instanceof DocumentError) return false;
    throw error;
  }
};

export const describeScenario = (name: string): ScenarioAnswer => {
  const [text, file] = [readLibrary(name), `${name}.yaml`];
  const scenario = parseScenario(text, file);
  const { title, reproduces, variants } = scenario;
  return {
    name,
    title,
    reproduces,
    variants: variants.map((variant) => variant.name),
    realTimeMs: realTimeMs(scenario),
    // It was read for the real one.
    engines: ENGINES.filter((engine) => engine === 'real' || canRun(text, file, engine)),
  };
};

/** All of them, without keeping this process from anything else for longer than one takes. */
export const describeLibrary = async (clock: Clock): Promise<ScenarioAnswer[]> => {
  const described: ScenarioAnswer[] = [];
  for (const name of libraryNames()) {
    described.push(describeScenario(name));
    await sleep(clock, 0);
  }
  return described;
};
