/**
 * `npm run bench:calibrate`: how near the virtual engine is to the real one. Runs every scenario of
 * `test/fixtures/calibration` in both, with the same seeds, one run after another; writes what the real engine did to
 * `measured.json` beside them, which a test holds the virtual one against, and both to the table of
 * `docs/virtual-time.md`. What was measured already is kept, unless its file has changed.
 *
 * `-- measure` stops before the table, `-- table` makes it of what is there; `-- --runs 5` takes five seeds in place of
 * three, `-- --only hang` one file.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EXIT_CODES, parseScenario, Reaper, type Result } from 'badgateway';
import {
  type CalibratedFile,
  type CalibratedRun,
  calibrationFiles,
  digestOf,
  type Measured,
  readMeasured,
  toRuns,
} from './calibration.js';
import { calibrationTable } from './calibration-table.js';
import { readCount } from './count.js';
import { writePart } from './page.js';
import { type Place, runCommand } from './run-command.js';

/** One more than shows whether two were alike by chance. */
const DEFAULT_RUNS = 3;
const MAX_RUNS = 20;

/** What the machine spoils is made again so often. */
const MAX_TRIES = 4;

const FOLDER = new URL('../../test/fixtures/calibration/', import.meta.url);
const MEASURED = new URL('measured.json', FOLDER);
const PAGE = new URL('../../docs/virtual-time.md', import.meta.url);

const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const CODES = [EXIT_CODES.pass, EXIT_CODES.inconclusive];

/** @throws when the command could not run, or the run was bad before anything happened. */
const runOnce = async (
  place: Place,
  { name, seed, engine }: { readonly name: string; readonly seed: number; readonly engine: string },
): Promise<Result> => {
  const file = fileURLToPath(new URL(name, FOLDER));
  const { result } = await runCommand(place, [file, '--engine', engine, '--seed', String(seed)], CODES);
  if (result.verdict === 'invalid') {
    throw new Error(`${name}: ${result.variants.flatMap(({ reasons }) => reasons).join('; ')}`);
  }
  return result;
};

/** @throws when the machine spoils every try. */
const runReally = async (place: Place, name: string, seed: number): Promise<Result> => {
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const result = await runOnce(place, { name, seed, engine: 'real' });
    if (result.verdict !== 'inconclusive') return result;
    progress(`  the machine spoiled try ${attempt}`);
  }
  throw new Error(`${name}: the machine spoiled ${MAX_TRIES} runs; stop what else runs on it`);
};

const readOr = (fallback: Measured): Measured => {
  try {
    return readMeasured(MEASURED);
  } catch {
    return fallback;
  }
};

const PARTS = ['measure', 'table'] as const;

interface Asked {
  readonly runs: number;
  readonly only: string | undefined;
  readonly parts: readonly string[];
}

const readArgs = (): Asked => {
  const { values, positionals } = parseArgs({
    options: { runs: { type: 'string', default: String(DEFAULT_RUNS) }, only: { type: 'string' } },
    allowPositionals: true,
  });
  const { runs, only } = values;
  const unknown = positionals.find((part) => !PARTS.some((one) => one === part));
  if (unknown !== undefined) throw new Error(`${unknown}: measure or table is wanted`);
  if (only !== undefined && !calibrationFiles(FOLDER).includes(`${only}.yaml`))
    throw new Error(`--only ${only}: there is no ${only}.yaml in test/fixtures/calibration`);
  return {
    runs: readCount('runs', runs, MAX_RUNS),
    only,
    parts: positionals.length > 0 ? positionals : PARTS,
  };
};

const seedsOf = (text: string, name: string, runs: number): number[] => {
  const { seed } = parseScenario(text, name);
  return Array.from({ length: runs }, (_, index) => seed + index);
};

/** Measures what is missing, and writes it down after each run. */
const measure = async (place: Place, { runs, only }: Asked): Promise<void> => {
  const host = { cpu: cpus()[0]?.model ?? 'unknown', cpus: availableParallelism(), node: process.version };
  for (const name of calibrationFiles(FOLDER)) {
    if (only !== undefined && name !== `${only}.yaml`) continue;
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    const digest = digestOf(text);
    for (const seed of seedsOf(text, name, runs)) {
      const measured = readOr({ host, files: {} });
      const before = measured.files[name];
      const kept = before?.digest === digest ? before.runs : [];
      if (kept.some((run) => run.seed === seed)) continue;
      progress(`${name}, seed ${seed}`);
      const file = { digest, runs: [...kept, ...toRuns(await runReally(place, name, seed))] };
      const all = { ...measured, host, files: { ...measured.files, [name]: file } };
      writeFileSync(MEASURED, `${JSON.stringify(all, null, 2)}\n`);
    }
  }
};

const runVirtually = async (place: Place, name: string, { runs }: CalibratedFile) => {
  const virtual: CalibratedRun[] = [];
  for (const seed of new Set(runs.map((run) => run.seed)))
    virtual.push(...toRuns(await runOnce(place, { name, seed, engine: 'virtual' })));
  return virtual;
};

const writeTable = async (place: Place): Promise<string> => {
  const measured = readMeasured(MEASURED);
  const virtual: Record<string, CalibratedRun[]> = {};
  for (const [name, file] of Object.entries(measured.files))
    virtual[name] = await runVirtually(place, name, file);
  const markdown = calibrationTable(measured, virtual);
  writePart(PAGE, 'calibration', markdown);
  return markdown;
};

const main = async (): Promise<void> => {
  const asked = readArgs();
  const reaper = new Reaper();
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-calibrate-'));
  try {
    if (asked.parts.includes('measure')) await measure({ reaper, folder }, asked);
    if (asked.parts.includes('table')) process.stdout.write(await writeTable({ reaper, folder }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await reaper.stop();
  }
};

await main();
