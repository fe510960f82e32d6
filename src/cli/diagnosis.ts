/** Whether a machine can run scenarios, in which engine, and what to do about it if not. */
import { formatDuration, formatSize } from '../core/units.js';
import { MACHINE_LIMITS } from '../scenarios/metrics/verdict.js';
import type { Scenario } from '../scenarios/scenario.js';
import { ADDRESSES, type Machine, TOOLS } from './machine.js';

/** Below, something does not work; as in the package's own `engines`. */
export const LEAST_NODE = '20.19.0';

/** With one, workers, gateway and generator take turns, and most runs are inconclusive. */
const ENOUGH_CPUS = 2;

/** A process of Node before it has done anything: 39 to 45 MiB on Linux with Node 20 to 24; and what it serves with. */
const PROCESS_BYTES = 60 * 1024 ** 2;

/** Beside the workers: gateway, generator, probe, reaper and the command itself. */
const OTHER_PROCESSES = 5;

/** Connections of a gateway and of the generator; the bundled scenarios need some hundreds. */
const ENOUGH_FILES = 1_024;

/** With fewer a run cannot begin: Node, its workers' pipes and connections of one each. */
const LEAST_FILES = 128;

/** The range that IANA sets aside for them (RFC 6335, section 6); a port that was used rests for a minute. */
const ENOUGH_PORTS = 16_384;

/** A clock with larger steps cannot tell latencies apart. */
const COARSE_CLOCK_MS = 1;

/** ok: as it should be; warning: runs may be worse for it; failed: the real engine cannot run. */
export type Level = 'ok' | 'warning' | 'failed';

export interface Check {
  readonly name: string;
  readonly level: Level;
  /** What there is. */
  readonly found: string;
  /** What it means, and what to do; empty when it is as it should be. */
  readonly advice: string;
}

export interface Diagnosis {
  readonly checks: readonly Check[];
  /** Whether the job that was asked about can be run, in each engine; doubtful: the run may be inconclusive. */
  readonly engines: { readonly real: 'yes' | 'doubtful' | 'no'; readonly virtual: 'yes' | 'no' };
}

const ok = (name: string, found: string): Check => ({ name, level: 'ok', found, advice: '' });

const compareVersions = (one: string, other: string): number => {
  const [a, b] = [one, other].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  const index = a!.findIndex((part, place) => part !== b![place]);
  return index === -1 ? 0 : a![index]! - b![index]!;
};

const checkNode = ({ node }: Machine): Check =>
  compareVersions(node, LEAST_NODE) >= 0
    ? ok('Node', node)
    : { name: 'Node', level: 'failed', found: node, advice: `install ${LEAST_NODE} or newer` };

const checkCpus = ({ cpus }: Machine): Check =>
  cpus >= ENOUGH_CPUS
    ? ok('processors', String(cpus))
    : {
        name: 'processors',
        level: 'warning',
        found: String(cpus),
        advice: 'runs will often be inconclusive; use --engine virtual, or less load (--set load.scale=0.5)',
      };

/** What a scenario's processes may take together, at the most. */
export const neededBytes = ({ variants }: Pick<Scenario, 'variants'>): number =>
  Math.max(
    ...variants.map(
      ({ fleet: { workers, heapLimitBytes } }) =>
        workers * (heapLimitBytes + PROCESS_BYTES) + OTHER_PROCESSES * PROCESS_BYTES,
    ),
  );

const checkMemory = ({ freeBytes }: Machine, scenario: Scenario): Check => {
  const needed = neededBytes(scenario);
  const found = `${formatSize(freeBytes)} free; ${scenario.name} takes up to ${formatSize(needed)}`;
  if (freeBytes >= needed) return ok('memory', found);
  return { name: 'memory', level: 'failed', found, advice: 'close other programs, or use --engine virtual' };
};

const checkFiles = ({ openFiles }: Machine): Check => {
  const name = 'open files';
  if (openFiles === null) return ok(name, 'limit unknown');
  const found = Number.isFinite(openFiles) ? `${openFiles} a process` : 'no limit';
  if (openFiles >= ENOUGH_FILES) return ok(name, found);
  const advice = `raise the limit: ulimit -n ${ENOUGH_FILES}`;
  return { name, level: openFiles < LEAST_FILES ? 'failed' : 'warning', found, advice };
};

const checkPorts = ({ ports }: Machine): Check => {
  const name = 'ports';
  if (ports === null) return ok(name, 'range unknown');
  const found = `${ports} for outgoing connections`;
  if (ports >= ENOUGH_PORTS) return ok(name, found);
  const advice = 'clients that connect anew for each request may run out: net.ipv4.ip_local_port_range';
  return { name, level: 'warning', found, advice };
};

const ADDRESS_ADVICE: Readonly<Record<(typeof ADDRESSES)[number], Omit<Check, 'name' | 'found'>>> = {
  '127.0.0.1': { level: 'failed', advice: 'everything listens there: is the loopback interface up?' },
  '127.0.0.2': {
    level: 'warning',
    advice:
      'scenarios whose clients have addresses of their own cannot run; other systems than Linux have one',
  },
  '::1': { level: 'warning', advice: 'upstreams on IPv6 cannot be reached; the bundled scenarios have none' },
};

/** Whether its clients come from addresses of their own. */
const hasIdentities = ({ variants }: Pick<Scenario, 'variants'>): boolean =>
  variants.some(({ clients, floods }) => [...clients, ...floods].some(({ identities }) => identities > 0));

const checkAddress = (
  { listening }: Machine,
  address: (typeof ADDRESSES)[number],
  scenario: Scenario,
): Check => {
  const problem = listening[address];
  if (problem === '') return ok(address, 'can be listened on');
  const check = { name: address, found: problem, ...ADDRESS_ADVICE[address] };
  return address === '127.0.0.2' && hasIdentities(scenario) ? { ...check, level: 'failed' } : check;
};

const checkTime = ({ clockStepMs, timerLateMs }: Machine): Check => {
  const found = `steps of ${formatDuration(clockStepMs)}, timers ${formatDuration(timerLateMs)} late`;
  const late = timerLateMs > MACHINE_LIMITS.lateSendMs;
  if (clockStepMs <= COARSE_CLOCK_MS && !late) return ok('time', found);
  const advice = late
    ? 'the machine is busy, and sends will be late; close other programs'
    : 'the clock is too coarse to tell latencies apart';
  return { name: 'time', level: 'warning', found, advice };
};

const checkChild = ({ childProblem }: Machine): Check =>
  childProblem === ''
    ? ok('processes', 'can be started')
    : { name: 'processes', level: 'failed', found: childProblem, advice: 'workers are started by /bin/sh' };

const checkTools = ({ tools }: Machine): Check[] =>
  TOOLS.map((name) => ok(name, tools[name] ?? 'not installed; only some comparisons and tests use it'));

/** @param scenario the job that is asked about. */
export const diagnose = (machine: Machine, scenario: Scenario): Diagnosis => {
  const checks = [
    checkNode(machine),
    checkCpus(machine),
    checkMemory(machine, scenario),
    checkFiles(machine),
    checkPorts(machine),
    ...ADDRESSES.map((address) => checkAddress(machine, address, scenario)),
    checkTime(machine),
    checkChild(machine),
    ...checkTools(machine),
  ];
  const doubtful = ['processors', 'time'].some((name) =>
    checks.some((check) => check.name === name && check.level !== 'ok'),
  );
  const failed = checks.some(({ level }) => level === 'failed');
  return {
    checks,
    engines: {
      real: failed ? 'no' : doubtful ? 'doubtful' : 'yes',
      virtual: checkNode(machine).level === 'ok' ? 'yes' : 'no',
    },
  };
};
