/** Faults in a whole run: what is wrong with one is told before anything is started, and nothing of a run is left over. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli, scenarioFile } from '../support/cli.js';
import { isAlive } from '../support/processes.js';

const scenario = (timeline: string): string => `version: 1
name: faults
title: Faults
fleet: { workers: 5, serviceTime: { mean: 5ms }, restart: { delay: 100ms } }
gateway: { timeouts: { attempt: 300ms } }
load: { stages: [{ rate: 30/s, for: 2s }] }
timeline:
${timeline}`;

describe('a mistake in a fault', () => {
  it.each([
    [
      'a fault that there is not',
      '{ at: 1s, inject: leek, on: worker-1 }',
      'timeline[0].inject: expected one of leak,',
    ],
    [
      'a worker that there is not',
      '{ at: 1s, inject: hang, on: worker-9 }',
      'timeline[0].on: there is no worker-9; there are worker-1',
    ],
    [
      'a value out of range',
      '{ at: 1s, inject: hang, on: worker-1, share: 101% }',
      'timeline[0].share: must be above 0% and at most 100%',
    ],
  ])(
    'such as %s ends the command with 104 and its line, and nothing is started',
    async (_title, entry, message) => {
      const file = scenarioFile(scenario(`  - ${entry}\n`));
      const { code, stderr, stdout } = await runCli(['run', file]);
      expect(code).toBe(104);
      expect(stderr).toMatch(/scenario\.yaml:8:\d+: /);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('worker-1 started');
      expect(stdout).toBe('');
    },
  );
});

/** Whether somebody still listens there. */
const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(true));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
  });

it('a run that ends while faults are at work leaves no process, port, file or folder', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }));
  const file = scenarioFile(
    scenario(`
  - { at: 100ms, inject: stop, on: worker-1 }
  - { at: 100ms, inject: event-loop-block, on: worker-2, for: 1h }
  - { at: 100ms, inject: leak, on: worker-3, perSecond: 80MiB }
  - { at: 100ms, inject: deadlock, on: worker-4 }
  - { at: 100ms, inject: file-exhaustion, on: worker-5 }
  - { at: 200ms, inject: crash, on: worker-4, how: abort }
  - { at: 1s, heal: leak, on: worker-3 }
`),
  );
  const out = join(dirname(file), 'result.json');
  const { stderr } = await runCli(['run', file, '--out', `json=${out}`], { TMPDIR: temporary });
  const { events } = JSON.parse(readFileSync(out, 'utf8')).variants[0] as {
    events: { type: string; pid?: number; fault?: string; reason?: string }[];
  };
  const pids = events.flatMap(({ type, pid }) => (type === 'worker.started' ? [pid!] : []));
  expect(pids.length).toBeGreaterThanOrEqual(6);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(events.filter(({ type }) => type === 'fault.injected')).toHaveLength(6);
  const healed = events.filter(({ type }) => type === 'fault.healed');
  expect(healed.map(({ fault, reason }) => `${fault} ${reason}`).sort()).toEqual([
    'deadlock restarted',
    'leak ordered',
  ]);
  const ports = [...stderr.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(await isTaken(port)).toBe(false);
  expect(readdirSync(temporary)).toEqual([]);
  expect(readdirSync(dirname(file)).sort()).toEqual(['result.json', 'scenario.yaml']);
});

it('a fault of the timeline that its worker cannot get, because it is down, is told of', async () => {
  const file = scenarioFile(
    scenario(`
  - { at: 100ms, inject: crash, on: worker-1, how: kill }
  - { at: 1s, inject: hang, on: [worker-1, worker-2] }
`).replace('delay: 100ms', 'delay: 1h'),
  );
  const out = join(dirname(file), 'result.json');
  const { stderr, stdout } = await runCli(['run', file, '--out', `json=${out}`]);
  const { events } = JSON.parse(readFileSync(out, 'utf8')).variants[0] as {
    events: { type: string; fault?: string; worker?: string; reason?: string }[];
  };
  expect(events.filter(({ type }) => type === 'fault.refused')).toMatchObject([
    { fault: 'hang', worker: 'worker-1', reason: 'down' },
  ]);
  expect(events.filter(({ type }) => type === 'fault.injected')).toMatchObject([
    { fault: 'crash', worker: 'worker-1' },
    { fault: 'hang', worker: 'worker-2' },
  ]);
  expect(stderr).toContain('no hang injected into worker-1: down');
  expect(stdout).toContain('worker-1 cannot get fault hang: it is down');
});
