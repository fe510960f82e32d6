/** `badgateway doctor`: what this machine can run. */
import pc from 'picocolors';
import { EXIT_CODES } from '../core/errors.js';
import { Reaper } from '../core/reaper.js';
import { formatDuration } from '../core/units.js';
import { readLibrary } from '../scenarios/library.js';
import { realTimeMs } from '../scenarios/library-list.js';
import { parseScenario } from '../scenarios/parse.js';
import { lookForProxy } from '../scenarios/targets/program.js';
import { PROXIES } from '../scenarios/targets/proxies.js';
import { type Diagnosis, diagnose, type Level } from './diagnosis.js';
import { readMachine } from './machine.js';

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

interface Report extends Diagnosis {
  readonly proxies: Readonly<Record<string, InstalledProxy>>;
}

const render = ({ checks, engines, proxies }: Report, takesMs: number, color: boolean): string => {
  const colors = pc.createColors(color);
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, level, found, advice }) => [
    `${colors[PAINT[level]](level.padEnd(LEVEL_COLUMNS))}  ${name.padEnd(width)}  ${found}`,
    ...(advice === '' ? [] : [`${' '.repeat(LEVEL_COLUMNS + width + 4)}${advice}`]),
  ]);
  const real = {
    yes: `yes, in about ${formatDuration(takesMs)}`,
    doubtful: 'perhaps: the run may be inconclusive',
    no: 'no',
  };
  return [
    ...lines,
    '',
    `Can this machine run ${MAIN_JOB}?`,
    `  --engine real     ${real[engines.real]}`,
    `  --engine virtual  ${engines.virtual === 'yes' ? 'yes, in seconds' : 'no'}`,
    '',
    ...proxyLines(proxies),
  ].join('\n');
};

/** @returns 0 when the real engine can run, 103 when it cannot start. */
export const doctorCommand = async (json: boolean): Promise<number> => {
  const machine = await readMachine();
  const scenario = parseScenario(readLibrary(MAIN_JOB), `${MAIN_JOB}.yaml`);
  const diagnosis = { ...diagnose(machine, scenario), proxies: await lookForProxies() };
  process.stdout.write(
    json
      ? `${JSON.stringify({ job: MAIN_JOB, machine, ...diagnosis }, null, 2)}\n`
      : render(diagnosis, realTimeMs(scenario), pc.isColorSupported),
  );
  return diagnosis.engines.real === 'no' ? EXIT_CODES.couldNotStart : EXIT_CODES.pass;
};
