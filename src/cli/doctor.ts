/** `badgateway doctor`: what this machine can run. */
import pc from 'picocolors';
import { EXIT_CODES } from '../core/errors.js';
import { Reaper } from '../core/reaper.js';
import { formatDuration } from '../core/units.js';
import { libraryNames } from '../scenarios/library.js';
import { realTimeMs } from '../scenarios/library-list.js';
import { parseScenario } from '../scenarios/parse.js';
import { lookForProxy } from '../scenarios/targets/program.js';
import { PROXIES } from '../scenarios/targets/proxies.js';
import { type Check, type Diagnosis, diagnose, type Level } from './diagnosis.js';
import { type Machine, readMachine } from './machine.js';
import { findBundled, findScenario, type ScenarioText } from './scenario-file.js';

/** The job that `npm start` runs. */
const MAIN_JOB = 'chatgpt-2024-11-08';

const PAINT: Readonly<Record<Level, 'green' | 'yellow' | 'red'>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
};

const LEVEL_COLUMNS = 'warning'.length;

interface InstalledProxy {
  readonly title: string;
  /** `null`: it is not here. */
  readonly program: { readonly path: string; readonly version: string } | null;
}

const lookForProxies = async (): Promise<Record<string, InstalledProxy>> => {
  const reaper = new Reaper();
  try {
    const found = await Promise.all(
      Object.values(PROXIES).map(async (proxy): Promise<[string, InstalledProxy]> => {
        const found = await lookForProxy(proxy, reaper);
        const program = 'missing' in found ? null : { path: found.path, version: found.version };
        return [proxy.name, { title: proxy.title, program }];
      }),
    );
    return Object.fromEntries(found);
  } finally {
    await reaper.stop();
  }
};

const proxyLines = (proxies: Readonly<Record<string, InstalledProxy>>): string[] => [
  'Proxies for run --target',
  ...Object.entries(proxies).map(([name, { program }]) => {
    const found = program === null ? 'not installed' : `${program.version}, ${program.path}`;
    return `  ${name.padEnd('--engine virtual'.length)}  ${found}`;
  }),
  '',
];

/** One scenario, and whether this machine can run it. */
interface Job extends Diagnosis {
  readonly name: string;
  readonly takesMs: number;
}

const REAL_TEXT: Readonly<Record<Diagnosis['engines']['real'], string>> = {
  yes: 'yes',
  doubtful: 'perhaps: the run may be inconclusive',
  no: 'no',
};

const jobOf = (machine: Machine, { file, text }: ScenarioText): Job => {
  const scenario = parseScenario(text, file);
  return { name: scenario.name, takesMs: realTimeMs(scenario), ...diagnose(machine, scenario) };
};

/** What one scenario lacks is said of it alone; what all lack is said once, above. */
const lackOf = ({ checks }: Job, common: readonly Check[]): string[] =>
  checks
    .filter(
      ({ name, level }) =>
        level === 'failed' && common.some((one) => one.name === name && one.level !== level),
    )
    .map(({ name, found }) => `${name}: ${found}`);

const jobLines = (job: Job, common: readonly Check[]): string[] => {
  const { real, virtual } = job.engines;
  const lack = lackOf(job, common);
  return [
    `Can this machine run ${job.name}?`,
    `  --engine real     ${REAL_TEXT[real]}${real === 'yes' ? `, in about ${formatDuration(job.takesMs)}` : ''}${lack.length > 0 ? ` (${lack.join('; ')})` : ''}`,
    `  --engine virtual  ${virtual === 'yes' ? 'yes, in seconds' : 'no'}`,
    '',
  ];
};

/** All that came with badgateway, by what becomes of them. */
const libraryLines = (jobs: readonly Job[], common: readonly Check[]): string[] => {
  const cannot = jobs.filter(({ engines }) => engines.real === 'no');
  const takesMs = jobs.reduce((sum, job) => sum + job.takesMs, 0);
  const can = jobs.length - cannot.length;
  return [
    `Bundled scenarios for --engine real: ${can} of ${jobs.length}${cannot.length === 0 ? `, in about ${formatDuration(takesMs)} for all` : ''}`,
    ...cannot.map((job) => `  not ${[job.name, ...lackOf(job, common)].join('; ')}`),
    '',
  ];
};

const checkLines = (checks: readonly Check[], color: boolean): string[] => {
  const colors = pc.createColors(color);
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, level, found, advice }) => [
    `${colors[PAINT[level]](level.padEnd(LEVEL_COLUMNS))}  ${name.padEnd(width)}  ${found}`,
    ...(advice === '' ? [] : [`${' '.repeat(LEVEL_COLUMNS + width + 4)}${advice}`]),
  ]);
};

/**
 * @param asked names of bundled scenarios, or files; none: the job of `npm start`, and beside it all that are bundled.
 * @returns 0 when the real engine can run all that were asked about, 103 when it cannot.
 * @throws UserError when there is no such scenario; DocumentError when a file is wrong.
 */
export const doctorCommand = async (asked: readonly string[], json: boolean): Promise<number> => {
  const texts = (asked.length > 0 ? asked : [MAIN_JOB]).map(findScenario);
  const machine = await readMachine();
  const [jobs, library] = [texts, asked.length > 0 ? [] : libraryNames().map(findBundled)].map((all) =>
    all.map((text) => jobOf(machine, text)),
  ) as [Job[], Job[]];
  const proxies = await lookForProxies();
  const { checks, engines, name } = jobs[0]!;
  process.stdout.write(
    json
      ? `${JSON.stringify({ job: name, machine, checks, engines, jobs, library, proxies }, null, 2)}\n`
      : [
          ...checkLines(checks, pc.isColorSupported),
          '',
          ...jobs.flatMap((job) => jobLines(job, checks)),
          ...(library.length > 0 ? libraryLines(library, checks) : []),
          ...proxyLines(proxies),
        ].join('\n'),
  );
  return jobs.some((job) => job.engines.real === 'no') ? EXIT_CODES.couldNotStart : EXIT_CODES.pass;
};
