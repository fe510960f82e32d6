/** `run --target URL`: a gateway of the test's own that runs already, and finds the run's workers where it looks for them. */
import { describe, expect, it, vi } from 'vitest';
import { type Command, runCli, runConclusively, scenarioFile, startCli } from '../support/cli.js';
import { freePort } from '../support/upstream.js';

// A run that the machine spoils is made again.
vi.setConfig({ testTimeout: 180_000 });

const SCENARIO = `
version: 1
name: theirs
title: A gateway of somebody else's
fleet: { workers: 2, slots: 8, serviceTime: { distribution: constant, mean: 10ms } }
gateway: { healthCheck: off }
load: { arrivals: constant, stages: [{ rate: 40/s, for: 4s }] }
windows: { baseline: 500ms..1400ms, outage: 1600ms..2400ms, after: 3s..4s }
variants:
  errors:
    timeline: [{ at: 1500ms, inject: errors, on: worker-2, for: 1s }]
  cut:
    timeline: [{ at: 1500ms, toxic: down, on: worker-2, for: 1s }]
  breaker:
    gateway: { breaker: {} }
  reload:
    timeline: [{ at: 1s, push-config: { retry: { attempts: 2 } }, to: gateway }]
thresholds:
  errors: ["status.500[outage] > 10%", "availability[after] > 95%", crashes == 0]
  cut: ["status.502[outage] > 10%", "availability[after] > 95%"]
  breaker: ["availability[outage] > 90%"]
`;

const startGateway = async (ports: readonly number[]): Promise<{ command: Command; origin: string }> => {
  const command = startCli([
    ...['gateway', ...ports.map((port) => `http://127.0.0.1:${port}`), '--json'],
    ...[
      '--set',
      'healthCheck.interval=100ms',
      '--set',
      'healthCheck.rise=1',
      '--set',
      'healthCheck.fall=100',
    ],
  ]);
  const { url } = JSON.parse(await command.firstLine);
  return { command, origin: url };
};

describe('a gateway that runs already', () => {
  it.each([
    ['workers', 'errors'],
    ['links', 'cut'],
  ])('gets the clients, and finds %s where it looks for them', async (_what, variant) => {
    const ports = [await freePort(), await freePort()];
    const { origin } = await startGateway(ports);
    const { code, stdout, stderr } = await runConclusively([
      ...['run', scenarioFile(SCENARIO), '--json', '--target', origin],
      ...['--workers-at', ports.join(','), '--variant', `${variant},breaker,reload`],
    ]);
    const result = JSON.parse(stdout);
    expect(result.variants).toMatchObject([{ name: variant, target: origin, reasons: [] }]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ target: origin, verdict: 'pass' });
    expect(result.skippedVariants).toMatchObject([
      { name: 'breaker', reasons: [expect.stringContaining('configured by somebody else')] },
      { name: 'reload', reasons: [expect.stringContaining('takes no config while it runs')] },
    ]);
  });

  it('is told of with 103 when it is not there, or when somebody else is where its workers should be', async () => {
    const [port, nobody] = [await freePort(), await freePort()];
    const file = scenarioFile(SCENARIO);
    const flags = ['--variant', 'errors', '--quiet', '--workers-at'];
    const gone = await runCli([
      'run',
      file,
      '--target',
      `http://127.0.0.1:${nobody}`,
      ...flags,
      `${port},${await freePort()}`,
    ]);
    expect(gone.code).toBe(103);
    expect(gone.stderr).toContain(`nobody listens at http://127.0.0.1:${nobody}`);
    const { origin } = await startGateway([port]);
    const held = Number(new URL(origin).port);
    const taken = await runCli(['run', file, '--target', origin, ...flags, `${port},${held}`]);
    expect(taken.code).toBe(103);
    expect(taken.stderr).toMatch(/worker-2 could not start: .*EADDRINUSE/);
  });

  it('is refused with 2 where too few places are stated', async () => {
    const run = await runCli([
      'run',
      scenarioFile(SCENARIO),
      '--target',
      'http://127.0.0.1:1',
      '--workers-at',
      '9001',
    ]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--workers-at names 1 of 2 ports: variant errors has 2 workers');
  });
});
