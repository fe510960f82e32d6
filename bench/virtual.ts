/**
 * `npm run bench:virtual`: what virtual time costs. Each row is a run of its own in a process of its own, in one thread:
 * requests a second of processor time, which is what one core does, and the most memory that the process had. Beside them the
 * same queue as a plain SimPy model, where Python has SimPy.
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseScenario, Reaper, runProgram, runVirtually } from 'badgateway';

const MEBIBYTE = 1024 ** 2;

interface Case {
  readonly what: string;
  readonly workers: number;
  readonly rateRps: number;
  readonly seconds: number;
  /** Of the gateway: one carries 20,000 requests a second, at 0.05 ms each. */
  readonly processes: number;
}

const CASES: Readonly<Record<string, Case>> = {
  fleet: { what: '20 workers', workers: 20, rateRps: 2_000, seconds: 600, processes: 1 },
  large: { what: '1,000 workers', workers: 1_000, rateRps: 100_000, seconds: 6, processes: 8 },
  one: { what: '1,000 workers, one process', workers: 1_000, rateRps: 18_000, seconds: 20, processes: 1 },
  idle: {
    what: '1,000 workers with little to do',
    workers: 1_000,
    rateRps: 10_000,
    seconds: 20,
    processes: 1,
  },
  largest: { what: '2,000 workers', workers: 2_000, rateRps: 200_000, seconds: 30, processes: 16 },
  short: { what: '3.5 minutes', workers: 4, rateRps: 300, seconds: 210, processes: 1 },
  long: { what: '35 minutes', workers: 4, rateRps: 300, seconds: 2_100, processes: 1 },
};

/** Slots of a worker and its mean time for a request: at 100 requests a second it is busy for 62 %. */
const SLOTS = 8;
const MEAN_MS = 50;

const SEED = 1;

/** Debian's Python, which has Debian's packages, is not always the first. */
const PYTHONS = ['python3', '/usr/bin/python3'] as const;

const SIMPY_MODEL = fileURLToPath(new URL('../simpy-queue.py', import.meta.url));

interface Measured {
  readonly requests: number;
  readonly wallS: number;
  readonly cpuS: number;
  readonly rssBytes: number;
}

const scenarioOf = ({ workers, rateRps, seconds, processes }: Case): string => `
version: 1
name: scale
title: a queue
seed: ${SEED}
fleet: { workers: ${workers}, slots: ${SLOTS}, serviceTime: { distribution: exponential, mean: ${MEAN_MS}ms } }
gateway: { processes: ${processes} }
load: { arrivals: poisson, stages: [{ rate: ${rateRps}/s, for: ${seconds}s }] }
windows: { run: 0s..${seconds}s }
`;

/** In the process of its own. */
const runCase = async (one: Case): Promise<Measured> => {
  const text = scenarioOf(one);
  const options = { engine: 'virtual' } as const;
  const scenario = parseScenario(text, 'scale.yaml', options);
  const before = process.cpuUsage();
  const fromMs = performance.now();
  const [result] = await runVirtually(
    scenario,
    scenario.variants,
    { text, file: 'scale.yaml', options },
    { signal: new AbortController().signal, threads: 1 },
  );
  const wallS = (performance.now() - fromMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const { requests, availability } = result!.windows.run!;
  if (availability !== 1) throw new Error(`${one.what}: availability is ${availability}, and no queue is`);
  const rssBytes = process.resourceUsage().maxRSS * 1024;
  return { requests, wallS, cpuS: (user + system) / 1e6, rssBytes };
};

const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');

const rowOf = (what: string, { rateRps, seconds }: Case, measured: Measured): string => {
  const { requests, wallS, cpuS, rssBytes } = measured;
  const cells = [
    what,
    whole(rateRps),
    `${whole(seconds)} s`,
    whole(requests),
    `${wallS.toFixed(1)} s`,
    whole(requests / cpuS),
    `${((cpuS / requests) * 1e6).toFixed(1)} µs`,
    `${whole(rssBytes / MEBIBYTE)} MiB`,
  ];
  return `| ${cells.join(' | ')} |\n`;
};

const HEAD = [
  ['run', 'requests/s in it', 'its time', 'requests', 'took', 'requests/s of a core', 'each', 'memory'],
  ['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:'],
]
  .map((cells) => `| ${cells.join(' | ')} |\n`)
  .join('');

/** `null`: no Python here has SimPy. */
const findSimpy = async (reaper: Reaper): Promise<string | null> => {
  for (const command of PYTHONS) {
    const args = ['-c', 'import simpy'];
    const found = runProgram({ name: command, command, args, reaper });
    if (await found.then(() => true).catch(() => false)) return command;
  }
  return null;
};

const main = async (names: readonly string[]): Promise<void> => {
  const reaper = new Reaper();
  const own = async (command: string, args: readonly string[]): Promise<Measured> =>
    JSON.parse(await runProgram({ name: 'a run', command, args, reaper })) as Measured;
  try {
    const { model } = cpus()[0]!;
    process.stdout.write(`Node ${process.version}, ${cpus().length} × ${model}\n\n${HEAD}`);
    for (const name of names) {
      const one = CASES[name]!;
      const measured = await own(process.execPath, [fileURLToPath(import.meta.url), '--alone', name]);
      process.stdout.write(rowOf(one.what, one, measured));
    }
    const python = await findSimpy(reaper);
    if (python === null) {
      process.stdout.write('\nno Python here has SimPy: apt-get install python3-simpy3\n');
      return;
    }
    const { fleet } = CASES;
    const { workers, rateRps, seconds } = fleet!;
    const sizes = [workers, SLOTS, MEAN_MS, rateRps, seconds, SEED].map(String);
    process.stdout.write(rowOf('SimPy, 20 workers', fleet!, await own(python, [SIMPY_MODEL, ...sizes])));
  } finally {
    await reaper.stop();
  }
};

const { values, positionals } = parseArgs({
  options: { alone: { type: 'string' } },
  allowPositionals: true,
});
const unknown = [values.alone ?? [], positionals].flat().filter((name) => !Object.hasOwn(CASES, name));
if (unknown.length > 0) {
  process.stderr.write(
    `no run is called ${unknown.join(', ')}; there are ${Object.keys(CASES).join(', ')}\n`,
  );
  process.exitCode = 2;
} else if (values.alone !== undefined) {
  process.stdout.write(`${JSON.stringify(await runCase(CASES[values.alone]!))}\n`);
} else {
  await main(positionals.length > 0 ? positionals : Object.keys(CASES));
}
