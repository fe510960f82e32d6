/** `badgateway import`: a proxy's own config as a `gateway:` section, and what became of each of its lines. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import pc from 'picocolors';
import { stringify } from 'yaml';
import { EXIT_CODES, usageError } from '../core/errors.js';
import { SCENARIO_NAME } from '../scenarios/starter.js';
import type { ImportConfig, Imported, ImportedLine, LineFate } from '../scenarios/targets/imported.js';
import { scenarioAround } from '../scenarios/targets/imported-scenario.js';
import { IMPORT_NAMES, IMPORTS, type ImportName } from '../scenarios/targets/imports.js';
import { flagValue } from './flags.js';
import { prepareOutput } from './output.js';

type Flags = Record<string, unknown>;

const NAMES: readonly ImportName[] = IMPORT_NAMES;

/** What tells a config of each, where its file's name does not. */
const SIGNS: Readonly<Record<ImportName, RegExp>> = {
  haproxy: /^\s*(global|defaults|frontend|backend|listen)\b[^{;]*$/m,
  envoy: /^\s*(static_resources|admin|dynamic_resources)\s*:/m,
  nginx: /^\s*(http|events|upstream\s+\S+|server)\s*\{/m,
};

const guess = (file: string, text: string): ImportName => {
  const named = NAMES.find((name) => basename(file).toLowerCase().includes(name));
  const found = named ?? NAMES.find((name) => SIGNS[name].test(text));
  if (found === undefined) {
    throw usageError(
      `${file}: neither its name nor its text says whose config it is; give --as ${NAMES.join(' or ')}`,
    );
  }
  return found;
};

const importerOf = (file: string, text: string, flag: unknown): readonly [ImportName, ImportConfig] => {
  const given = flagValue(flag);
  if (given !== undefined && !(NAMES as readonly string[]).includes(given)) {
    throw usageError(`--as takes ${NAMES.join(', ')}; got "${given}"`);
  }
  const name = (given as ImportName | undefined) ?? guess(file, text);
  return [name, IMPORTS[name]];
};

const MARKS: Readonly<Record<LineFate, string>> = { understood: '✓', nearly: '~', lost: '✗', ignored: '·' };
const PAINT: Readonly<Record<LineFate, 'green' | 'yellow' | 'red' | 'dim'>> = {
  understood: 'green',
  nearly: 'yellow',
  lost: 'red',
  ignored: 'dim',
};

/** Longer ones are cut: they are in the file. */
const MAX_LINE_CHARS = 60;

const lineText = (file: string, { line, text, fate, note }: ImportedLine): string => {
  const mark = pc[PAINT[fate]](MARKS[fate]);
  const shown = text.length > MAX_LINE_CHARS ? `${text.slice(0, MAX_LINE_CHARS - 1)}…` : text;
  return `${mark} ${file}:${line}  ${shown}\n      ${note}\n`;
};

const countText = (lines: readonly ImportedLine[]): string =>
  (Object.keys(MARKS) as LineFate[])
    .map((fate) => `${MARKS[fate]} ${lines.filter((one) => one.fate === fate).length} ${fate}`)
    .join(', ');

const serverComments = ({ servers }: Imported): string =>
  servers.map(({ id, address }) => `# ${id} is ${address}\n`).join('');

const sectionText = (imported: Imported): string =>
  `${serverComments(imported)}${stringify({ gateway: imported.section }, { lineWidth: 110 })}`;

const scenarioOf = (name: string, from: ImportName, file: string, imported: Imported): string => {
  if (!SCENARIO_NAME.test(name)) {
    throw usageError(`--scenario takes a name of small letters, digits and hyphens, got "${name}"`);
  }
  const { section, servers } = imported;
  const paths = (section.routes ?? []).flatMap(({ path }) => path ?? []);
  return scenarioAround(name, {
    ...{ from, source: basename(file), section: sectionText(imported), servers: servers.length },
    paths: [...new Set(paths)],
  });
};

/** stdout is the section, stderr what became of the lines. */
export const importCommand = (file: string, flags: Flags): number => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`cannot read ${file}: ${(error as Error).message}`);
  }
  const [from, importConfig] = importerOf(file, text, flags.as);
  const imported = importConfig(text, file);
  const scenario = flagValue(flags.scenario);
  const written = flags.json
    ? `${JSON.stringify({ from, ...imported }, null, 2)}\n`
    : scenario === undefined
      ? sectionText(imported)
      : scenarioOf(scenario, from, file, imported);
  if (!flags.quiet) {
    for (const line of imported.lines) process.stderr.write(lineText(file, line));
    process.stderr.write(`${countText(imported.lines)}\n`);
  }
  const out = flagValue(flags.out);
  if (out === undefined) process.stdout.write(written);
  else {
    prepareOutput(out);
    writeFileSync(out, written);
    if (!flags.quiet) process.stderr.write(`wrote ${out}\n`);
  }
  return EXIT_CODES.pass;
};
