/** However a run ends, nothing that it started goes on. */
import { describe, expect, it } from 'vitest';
import { scenarioFile, startCli } from '../support/cli.js';
import { descendants, isAlive, stateOf } from '../support/processes.js';

const SPINNING = `
version: 1
name: long-run
title: A run that is ended from outside
fleet: { workers: 3, slots: 4, serviceTime: { mean: 20ms } }
load: { stages: [{ rate: 50/s, for: 60s }] }
timeline:
  - { at: 300ms, inject: event-loop-block, on: worker-2, for: 60s }
windows: { outage: 1s..50s }
`;

const SOON_MS = 3_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until none of them is alive, or the time is over. @returns those that still are. */
const survivors = async (pids: readonly number[], withinMs: number): Promise<number[]> => {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const alive = pids.filter(isAlive);
    if (alive.length === 0 || performance.now() > endMs) return alive;
    await sleep(20);
  }
};

const workersOf = (pid: number) =>
  descendants(pid).filter(({ command }) => command.includes('upstream/worker.js'));

describe('a run that is ended from outside', () => {
  it('leaves no live process when it is killed, though one worker is stopped and one spins', async () => {
    const command = startCli(['run', scenarioFile(SPINNING)]);
    await command.said('event-loop-block injected into worker-2');
    const pid = command.process.pid!;
    const started = descendants(pid);
    const stopped = workersOf(pid).find(({ command: line }) => line.includes('"id":"worker-1"'))!;
    process.kill(stopped.pid, 'SIGSTOP');
    while (stateOf(stopped.pid) !== 'T') await sleep(5);
    // Workers, gateway, generator, probe and the reaper itself.
    expect(started.length).toBe(3 + 1 + 1 + 1 + 1);
    command.process.kill('SIGKILL');
    await command.finished;
    expect(
      await survivors(
        started.map((one) => one.pid),
        SOON_MS,
      ),
    ).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends soon with exit code 105 and a partial result',
    async (signal) => {
      const out = scenarioFile('').replace('scenario.yaml', 'result.json');
      const command = startCli(['run', scenarioFile(SPINNING), '--out', `json=${out}`]);
      await command.said('event-loop-block injected into worker-2');
      const started = descendants(command.process.pid!);
      const endMs = performance.now() + SOON_MS;
      command.process.kill(signal);
      const finished = await command.finished;
      expect(performance.now()).toBeLessThan(endMs);
      expect(finished.code).toBe(105);
      expect(finished.stdout).toContain('INTERRUPTED');
      const { readFileSync } = await import('node:fs');
      const result = JSON.parse(readFileSync(out, 'utf8'));
      expect(result.variants[0]).toMatchObject({ partial: true });
      expect(result.variants[0].windows['(run)'].requests).toBeGreaterThan(0);
      expect(
        await survivors(
          started.map((one) => one.pid),
          SOON_MS,
        ),
      ).toEqual([]);
    },
  );
});
