/** Finds a scenario by what a user typed: a bundled name, or a file. */
import { existsSync, readFileSync } from 'node:fs';
import { UserError } from '../core/errors.js';
import { thereAre } from '../core/nearest.js';
import { libraryFile, libraryNames } from '../scenarios/library.js';

export interface ScenarioText {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
  /** It came with badgateway: there is no file of the user's. */
  readonly bundled: boolean;
}

/** @throws UserError when none that is bundled has that name. */
export const findBundled = (name: string): ScenarioText => {
  const names = libraryNames();
  if (!names.includes(name)) {
    throw new UserError('usage', `there is no bundled scenario "${name}"${thereAre(name, names)}`);
  }
  return { file: `${name}.yaml`, text: readFileSync(libraryFile(name), 'utf8'), bundled: true };
};

/** @throws UserError when there is neither. */
export const findScenario = (nameOrFile: string): ScenarioText => {
  const names = libraryNames();
  if (existsSync(nameOrFile)) {
    try {
      return { file: nameOrFile, text: readFileSync(nameOrFile, 'utf8'), bundled: false };
    } catch (error) {
      throw new UserError('invalidScenario', `cannot read ${nameOrFile}: ${(error as Error).message}`);
    }
  }
  if (names.includes(nameOrFile)) return findBundled(nameOrFile);
  throw new UserError(
    'usage',
    `there is no file and no scenario "${nameOrFile}"; bundled are ${names.join(', ')}`,
  );
};
