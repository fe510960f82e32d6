/**
 * `npm run bench:library`: runs every bundled scenario on real processes until it has passed three times in a row as it
 * is now, and writes what came out to `docs/library-runs.json` and the table of `docs/library-runs.md`. It can be broken
 * off and begun again at any time: what was run already is kept, unless the scenario's file has changed since.
 *
 * `-- --only NAME` (may be repeated) takes these alone, `-- --passes 1` is content with one, `-- --at-once 2` runs two
 * scenarios side by side, `-- --table` runs nothing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_CODES, libraryNames, Reaper, readLibrary } from 'badgateway';
import { digestOf } from './calibration.js';
import { readCount } from './count.js';
import {
  type LibraryRun,
  libraryTable,
  PASSES,
  passesInARow,
  readRecord,
  toLibraryRun,
} from './library-runs.js';
import { writePart } from './page.js';
import { type Place, runCommand } from './run-command.js';

/** A scenario that needs more runs than this for them is one to be mended. */
const MAX_RUNS = 6;
/** What the machine spoils is made again so often. */
const MAX_TRIES = 3;
/** A run knows when others take too much from it, and is made again; with more it would know it every time. */
const MAX_AT_ONCE = 4;

const RECORD = new URL('../../docs/library-runs.json', import.meta.url);
const PAGE = new URL('../../docs/library-runs.md', import.meta.url);

const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const CODES = [EXIT_CODES.pass, EXIT_CODES.failed, EXIT_CODES.inconclusive];

/** @returns `null`: the machine spoiled every try. @throws when the command could not run. */
const runOnce = async (place: Place, name: string): Promise<LibraryRun | null> => {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const { code, result } = await runCommand(place, [name], CODES);
    if (code !== EXIT_CODES.inconclusive) return toLibraryRun(result);
    progress(`  the machine spoiled try ${tries}`);
  }
  return null;
};

const keep = (name: string, digest: string, runs: readonly LibraryRun[]): void => {
  const record = { ...readRecord(RECORD), [name]: { digest, runs } };
  const sorted = Object.fromEntries(Object.entries(record).sort(([a], [b]) => a.localeCompare(b)));
  writeFileSync(RECORD, `${JSON.stringify(sorted, null, 1)}\n`);
};

const runUntilPassed = async (place: Place, name: string, passes: number): Promise<boolean> => {
  const digest = digestOf(readLibrary(name));
  const before = readRecord(RECORD)[name];
  let runs = before?.digest === digest ? before.runs : [];
  for (let made = 0; passesInARow(runs) < passes && made < MAX_RUNS; made++) {
    progress(`${name}: run ${runs.length + 1}`);
    const run = await runOnce(place, name);
    if (run === null) return false;
    runs = [...runs, run];
    keep(name, digest, runs);
    progress(`  ${[run.verdict, ...run.failed].join('\n    ')}`);
  }
  return passesInARow(runs) >= passes;
};

const writeTable = (): void => {
  const names = libraryNames();
  const record = readRecord(RECORD);
  const current = Object.entries(record).filter(
    ([name, { digest }]) => names.includes(name) && digest === digestOf(readLibrary(name)),
  );
  writePart(PAGE, 'runs', libraryTable(names, Object.fromEntries(current)));
};

const readArgs = () => {
  const {
    only,
    passes,
    'at-once': atOnce,
    table,
  } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      passes: { type: 'string', default: String(PASSES) },
      'at-once': { type: 'string', default: '1' },
      table: { type: 'boolean', default: false },
    },
  }).values;
  const names = libraryNames();
  for (const name of only) {
    if (!names.includes(name)) throw new Error(`--only ${name}: there are ${names.join(', ')}`);
  }
  return {
    names: only.length > 0 ? only : names,
    passes: readCount('passes', passes, MAX_RUNS),
    atOnce: readCount('at-once', atOnce, MAX_AT_ONCE),
    tableOnly: table,
  };
};

/** Several at once, each with results in a folder of its own. @returns those that did not pass so often. */
const runAll = async (names: readonly string[], passes: number, atOnce: number): Promise<string[]> => {
  const missing: string[] = [];
  const waiting = [...names];
  const runOneByOne = async (): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'badgateway-library-'));
    try {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        if (!(await runUntilPassed({ reaper, folder }, name, passes))) missing.push(name);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runOneByOne));
  return missing;
};

const { names, passes, atOnce, tableOnly } = readArgs();
const reaper = new Reaper();
let missing: string[] = [];
try {
  // Each once before any twice: what is to be mended shows early.
  for (let pass = 1; pass <= passes && !tableOnly; pass++) missing = await runAll(names, pass, atOnce);
} finally {
  await reaper.stop();
}
writeTable();
if (missing.length > 0) {
  progress(`did not pass ${passes} times in a row: ${missing.join(', ')}`);
  process.exitCode = EXIT_CODES.failed;
}
