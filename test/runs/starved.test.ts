/**
 * Runs that the machine spoils, because somebody takes it away from a part of them: whatever the thresholds say, the
 * verdict is inconclusive, and names who starved.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EXIT_CODES } from '../../src/core/errors.js';
import { MACHINE_LIMITS } from '../../src/scenarios/metrics/verdict.js';
import { type Command, scenarioFile, startCli } from '../support/cli.js';
import { descendants } from '../support/processes.js';

vi.setConfig({ testTimeout: 60_000 });

const SCENARIO = `
version: 1
name: starved
title: Nothing is wrong but the machine
fleet: { workers: 2, slots: 8, serviceTime: { distribution: constant, mean: 20ms } }
load: { stages: [{ rate: 60/s, for: 6s }] }
windows: { all: 0s..6s }
thresholds: { default: ['availability > 1%'] }
`;

/** Long enough to be out of all limits, at any load of the machine. */
const STARVED_MS = 4 * MACHINE_LIMITS.gatewayStallMs;

/** @returns the verdict and its reasons. */
const judged = async ({ finished }: Command): Promise<{ code: number | null; reasons: string[] }> => {
  const { code, stdout, stderr } = await finished;
  expect(stdout, stderr).not.toBe('');
  const { variants } = JSON.parse(stdout) as { variants: { verdict: string; reasons: string[] }[] };
  expect(variants.map(({ verdict }) => verdict)).toEqual(['inconclusive']);
  return { code, reasons: variants[0]!.reasons };
};

/** A run whose load has begun. */
const startRun = async (): Promise<Command> => {
  const command = startCli(['run', scenarioFile(SCENARIO), '--json']);
  await command.said('control API');
  return command;
};

/** Takes the processor away from the children whose command says this, for a second. */
const starve = async ({ process }: Command, entry: string): Promise<void> => {
  const pids = descendants(process.pid!)
    .filter(({ command }) => command.includes(entry))
    .map(({ pid }) => pid);
  expect(pids, entry).not.toEqual([]);
  for (const pid of pids) globalThis.process.kill(pid, 'SIGSTOP');
  await sleep(STARVED_MS);
  for (const pid of pids) globalThis.process.kill(pid, 'SIGCONT');
};

describe('a run is inconclusive', () => {
  it.each([
    ['the load generator', 'scenarios/clients/generator.js'],
    ['the gateway', 'gateway/process.js'],
  ])('when %s gets no processor for a second, and says so', async (who, entry) => {
    const command = await startRun();
    // Into the load, out of the start.
    await sleep(STARVED_MS);
    await starve(command, entry);
    const { code, reasons } = await judged(command);
    expect(code).toBe(EXIT_CODES.inconclusive);
    expect(reasons.join('\n')).toContain(`${who} starved`);
  });

  it('when neighbours take the workers’ processors, and says so', async () => {
    const command = await startRun();
    // At a higher priority than the workers have, as every program is that somebody just starts.
    const neighbours = Array.from({ length: 3 * availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    );
    const end = (): void => {
      for (const neighbour of neighbours) neighbour.kill('SIGKILL');
    };
    onTestFinished(end);
    const { code, reasons } = await judged(command);
    end();
    expect(code).toBe(EXIT_CODES.inconclusive);
    expect(reasons.join('\n')).toContain('the workers starved');
  });
});
