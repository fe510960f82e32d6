/** `badgateway init`: a scenario to start from, and the schema by which an editor completes it. */
import { existsSync, writeFileSync } from 'node:fs';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { libraryNames } from '../scenarios/library.js';
import { SCENARIO_NAME, starterText } from '../scenarios/starter.js';
import { prepareOutput } from './output.js';
import { schemaText } from './schema.js';

const DEFAULT_NAME = 'my-outage';

const SCHEMA_FILE = 'scenario.schema.json';

/** @param given the scenario's name, or its file. */
const nameOf = (given: string): string => {
  const name = given.replace(/\.ya?ml$/, '');
  if (!SCENARIO_NAME.test(name)) {
    throw new UserError('usage', `init takes a name of small letters, digits and hyphens, got "${given}"`);
  }
  if (libraryNames().includes(name))
    throw new UserError('usage', `"${name}" is a bundled scenario; take another name`);
  return name;
};

/** Writes into the folder in which it is called. Never over a file that is there. @throws UserError */
export const initScenario = (given: string = DEFAULT_NAME): number => {
  const name = nameOf(given);
  const file = `${name}.yaml`;
  if (existsSync(file)) throw new UserError('usage', `${file} is there already; take another name`);
  prepareOutput(file);
  writeFileSync(file, starterText(name, SCHEMA_FILE));
  const hadSchema = existsSync(SCHEMA_FILE);
  if (!hadSchema) writeFileSync(SCHEMA_FILE, schemaText('scenario'));
  const editor = hadSchema ? '' : `wrote ${SCHEMA_FILE}, for your editor\n`;
  process.stdout.write(
    `wrote ${file}\n${editor}\nnext: badgateway validate ${file}\n      badgateway run ${file} --engine virtual\n`,
  );
  return EXIT_CODES.pass;
};
