/** What is to be run, from a scenario and flags. */
import { UserError, usageError } from '../core/errors.js';
import { ENGINES } from '../scenarios/engines.js';
import { parseOverride, parseScenario } from '../scenarios/parse.js';
import { MAX_REPLICATIONS } from '../scenarios/replications/replications.js';
import type { Scenario } from '../scenarios/scenario.js';
import { placeVariants } from '../scenarios/targets/place.js';
import { flagList, parseChoice, parseCount, parseSeed } from './flags.js';
import { parseOptionalPort } from './listen-flags.js';
import type { RunPlan } from './run-engines.js';
import type { ScenarioText } from './scenario-file.js';
import { chooseTargets } from './targets.js';
import { chooseVariants } from './variants.js';
import { checkWorkersAt } from './workers-at.js';

/** From that of the file on; one run has the seeds of the file as they are, which may be one for each variant. */
const seedsOf = ({ seed }: Scenario, repeat: number): number[] =>
  Array.from({ length: repeat }, (_, index) => (seed + index) % 2 ** 31);

/** A run as it was asked for, and where what it came from is. */
export interface PlannedRun extends RunPlan {
  /** It came with badgateway: no file of the user's. */
  readonly bundled: boolean;
}

/** @throws UserError for what there is not, DocumentError for what is wrong in the file. */
export const planRun = async (
  { file, text, bundled }: ScenarioText,
  flags: Readonly<Record<string, unknown>>,
): Promise<PlannedRun> => {
  const engine = parseChoice('engine', flags.engine, ENGINES);
  const repeat = parseCount('repeat', flags.repeat, 1, 1);
  if (repeat > MAX_REPLICATIONS) {
    throw new UserError('usage', `--repeat takes at most ${MAX_REPLICATIONS}, got ${repeat}`);
  }
  const given = {
    engine,
    seed: parseSeed(flags.seed),
    overrides: flagList(flags.set).map(parseOverride),
    remote: flags.remote === true,
  };
  const read = parseScenario(text, file, given);
  // Repeated, a variant with a seed of its own has that of the others too: they are compared seed by seed.
  const options = repeat === 1 ? given : { ...given, seed: read.seed };
  const scenario = repeat === 1 ? read : parseScenario(text, file, options);
  const chosen = chooseVariants(scenario, flags.variant);
  const { targets, missing } = await chooseTargets(flags, engine);
  for (const { text } of missing) process.stderr.write(`skipped: ${text}\n`);
  const source = { file, text, options };
  const placed = placeVariants(chosen, targets, missing);
  checkWorkersAt(placed.variants);
  const statusPagePort = parseOptionalPort('--status-page', flags.statusPage);
  if (statusPagePort !== null && engine === 'virtual') {
    throw usageError('--status-page needs the real engine: in virtual time nothing happens while you look');
  }
  return {
    ...{ engine, scenario, source, bundled, targets, missing, statusPagePort },
    ...placed,
    seeds: seedsOf(scenario, repeat),
  };
};
