/** What a machine can run, by what it has: each lack alone, and what it does to the engines. */
import { describe, expect, it } from 'vitest';
import { type Diagnosis, diagnose, LEAST_NODE, type Level, neededBytes } from '../../../src/cli/diagnosis.js';
import type { Machine } from '../../../src/cli/machine.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { MINIMAL } from '../../support/scenario-text.js';

const MIB = 1024 ** 2;

const scenario = parseScenario(MINIMAL, 'small.yaml');

const GOOD: Machine = {
  node: LEAST_NODE,
  platform: 'linux x64',
  cpus: 2,
  freeBytes: 4_096 * MIB,
  openFiles: 1_024,
  ports: 28_232,
  listening: { '127.0.0.1': '', '127.0.0.2': '', '::1': '' },
  clockStepMs: 0.001,
  timerLateMs: 0.1,
  childProblem: '',
  tools: { nginx: '/usr/sbin/nginx', haproxy: null, chromium: null },
};

const lacking = (fields: Partial<Machine>): Diagnosis => diagnose({ ...GOOD, ...fields }, scenario);

describe('a machine', () => {
  it('with enough of everything runs both engines', () => {
    const { checks, engines } = lacking({});
    expect(engines).toEqual({ real: 'yes', virtual: 'yes' });
    expect(checks.filter(({ level, advice }) => level !== 'ok' || advice !== '')).toEqual([]);
    expect(checks.find(({ name }) => name === 'haproxy')!.found).toContain('not installed');
  });

  it.each<[string, Partial<Machine>, string, Level, Diagnosis['engines']['real']]>([
    ['an older Node', { node: '20.18.3' }, 'Node', 'failed', 'no'],
    ['a Node of another release line', { node: '24.1.0' }, 'Node', 'ok', 'yes'],
    ['one processor', { cpus: 1 }, 'processors', 'warning', 'doubtful'],
    ['little memory', { freeBytes: 100 * MIB }, 'memory', 'failed', 'no'],
    ['few files', { openFiles: 512 }, 'open files', 'warning', 'yes'],
    ['hardly any files', { openFiles: 64 }, 'open files', 'failed', 'no'],
    ['an unknown limit of files', { openFiles: null }, 'open files', 'ok', 'yes'],
    ['no limit of files', { openFiles: Number.POSITIVE_INFINITY }, 'open files', 'ok', 'yes'],
    ['few ports', { ports: 1_000 }, 'ports', 'warning', 'yes'],
    [
      'no loopback',
      { listening: { ...GOOD.listening, '127.0.0.1': 'EADDRNOTAVAIL' } },
      '127.0.0.1',
      'failed',
      'no',
    ],
    [
      'one address of it',
      { listening: { ...GOOD.listening, '127.0.0.2': 'EADDRNOTAVAIL' } },
      '127.0.0.2',
      'warning',
      'yes',
    ],
    ['no IPv6', { listening: { ...GOOD.listening, '::1': 'EADDRNOTAVAIL' } }, '::1', 'warning', 'yes'],
    ['late timers', { timerLateMs: 25 }, 'time', 'warning', 'doubtful'],
    ['a coarse clock', { clockStepMs: 16 }, 'time', 'warning', 'doubtful'],
    ['no way to start a process', { childProblem: 'ENOENT' }, 'processes', 'failed', 'no'],
  ])('with %s', (_lack, fields, name, level, real) => {
    const { checks, engines } = lacking(fields);
    const check = checks.find((one) => one.name === name)!;
    expect(check.level).toBe(level);
    expect(check.advice === '').toBe(level === 'ok');
    expect(engines.real).toBe(real);
    expect(engines.virtual).toBe(name === 'Node' && level === 'failed' ? 'no' : 'yes');
  });

  it('has to have the addresses of a scenario’s clients', () => {
    const machine = { ...GOOD, listening: { ...GOOD.listening, '127.0.0.2': 'EADDRNOTAVAIL' } };
    const text = `${MINIMAL}clients: { identities: 3 }\n`;
    expect(diagnose(machine, scenario).engines.real).toBe('yes');
    expect(diagnose(machine, parseScenario(text, 'a.yaml')).engines.real).toBe('no');
    expect(diagnose(GOOD, parseScenario(text, 'a.yaml')).engines.real).toBe('yes');
  });

  it('has to have memory for every worker of the largest variant', () => {
    const text = `${MINIMAL}variants: { small: {}, large: { fleet: { workers: 8 } } }\n`;
    const larger = neededBytes(parseScenario(text, 'a.yaml')) - neededBytes(scenario);
    expect(larger).toBe(6 * (64 + 60) * MIB);
  });
});
