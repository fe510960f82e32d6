/** The scenarios that come with badgateway: the YAML files in `library/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Seen from `src/scenarios` and from `dist/scenarios` alike. */
const FOLDER = new URL('../../src/scenarios/library/', import.meta.url);

/** The world of a lab that nobody gives a scenario. */
export const LAB_FILE = fileURLToPath(new URL('../live/lab.yaml', FOLDER));

export const libraryNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();

export const libraryFile = (name: string): string => fileURLToPath(new URL(`${name}.yaml`, FOLDER));

export const readLibrary = (name: string): string => readFileSync(libraryFile(name), 'utf8');
