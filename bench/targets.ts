/**
 * `npm run bench:targets`: runs scenarios of the library with other proxies in the gateway's place, and writes what came
 * out to `docs/target-runs.json` and the table of `docs/targets.md`. It can be broken off and begun again: what was run
 * already is kept, unless the scenario's file or a proxy's version has changed since.
 *
 * `-- --only NAME` (may be repeated) takes these alone, `-- --table` runs nothing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_CODES, Reaper, readLibrary } from 'badgateway';
import { digestOf } from './calibration.js';
import { writePart } from './page.js';
import { type Place, runCommand } from './run-command.js';
import { readTargetRuns, type TargetRun, targetTable, toTargetRun } from './target-runs.js';

/** Of each, the outage as it happened, and those of its mitigations that are a proxy's own. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  'overload-flash-crowd': ['as-it-happened', 'concurrency-limit', 'breaker'],
  'chatgpt-2024-11-08': ['as-it-happened', 'fast-rollback'],
  'deadlock-hang': ['as-it-happened', 'deep-health-check', 'deep-health-check-and-retry'],
  'fast-fail-magnet': ['as-it-happened', 'round-robin', 'ejection'],
  'firewall-black-hole': ['as-it-happened', 'health-check'],
  'deploy-restart': ['rolling', 'rolling-with-drain'],
  'routing-misconfiguration': ['as-it-happened', 'health-check'],
  'unhandled-exception-poison-pill': ['as-it-happened', 'gateway-retry'],
  'ddos-l7-flood': ['as-it-happened', 'rate-limit'],
};

const TARGETS = ['gateway', 'nginx', 'haproxy', 'caddy'];

/** What the machine spoils is made again so often. */
const MAX_TRIES = 3;

const RECORD = new URL('../../docs/target-runs.json', import.meta.url);
const PAGE = new URL('../../docs/targets.md', import.meta.url);

const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** What a target makes of a scenario may be a failure: it is what the table is about. */
const CODES = [EXIT_CODES.pass, EXIT_CODES.failed, EXIT_CODES.inconclusive];

const runOnce = async (place: Place, name: string): Promise<TargetRun | null> => {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const args = [name, '--variant', RUNS[name]!.join(','), '--target', TARGETS.join(',')];
    const { result } = await runCommand(place, args, CODES);
    const run = toTargetRun(result, digestOf(readLibrary(name)));
    if (run.spoiled.length === 0) return run;
    progress(`  the machine spoiled ${run.spoiled.join(', ')} (try ${tries})`);
    if (tries === MAX_TRIES) return run;
  }
  return null;
};

const { only, table } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    table: { type: 'boolean', default: false },
  },
}).values;
for (const name of only) {
  if (RUNS[name] === undefined) throw new Error(`--only ${name}: there are ${Object.keys(RUNS).join(', ')}`);
}
const names = only.length > 0 ? only : Object.keys(RUNS);
const reaper = new Reaper();
const folder = mkdtempSync(join(tmpdir(), 'badgateway-targets-'));
try {
  for (const name of table ? [] : names) {
    const before = readTargetRuns(RECORD)[name];
    if (before?.digest === digestOf(readLibrary(name)) && before.spoiled.length === 0) continue;
    progress(name);
    const run = await runOnce({ reaper, folder }, name);
    if (run === null) continue;
    const record = { ...readTargetRuns(RECORD), [name]: run };
    writeFileSync(RECORD, `${JSON.stringify(record, null, 1)}\n`);
    progress(`  ${run.verdict}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await reaper.stop();
}
if (readFileSync(PAGE, 'utf8') !== '')
  writePart(PAGE, 'runs', targetTable(readTargetRuns(RECORD), RUNS, TARGETS));
