/** Runs with servers of the test's own in the places of workers, by the runner and by the command. */
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { machineProblems } from '../../src/scenarios/metrics/verdict.js';
import { renderReport } from '../../src/scenarios/report/report.js';
import { makeReport } from '../../src/web/report/make-report.js';
import { runCli, runConclusively, scenarioFile } from '../support/cli.js';
import { postToTimeline, runAndAsk, runReally } from '../support/real-run.js';
import { result as resultOf } from '../support/records.js';
import { freePort, startUpstream } from '../support/upstream.js';

// The example takes half a minute, and is run again where the machine spoils it.
vi.setConfig({ testTimeout: 240_000 });

const scenario = (ports: readonly number[], more = ''): string => `
version: 1
name: own
title: Servers of the test's own
fleet: { upstreams: [${ports.map((port) => `http://127.0.0.1:${port}`).join(', ')}] }
load: { arrivals: constant, stages: [{ rate: 40/s, for: 4s }] }
windows: { baseline: 500ms..1400ms, outage: 1500ms..3s }
${more}
`;

describe('a run with upstreams of one’s own', () => {
  it('sends them the requests, starts no worker, and says nothing of workers', async () => {
    const served = [0, 0];
    const ports = await Promise.all(
      served.map((_, index) =>
        startUpstream((_request, response) => {
          served[index]!++;
          response.end('well');
        }),
      ),
    );
    const { result, answer } = await runAndAsk(scenario(ports), async (address) => ({
      workers: await (await fetch(`${address}/workers`)).json(),
      config: (await fetch(`${address}/config`)).status,
      inject: await postToTimeline(address, { inject: 'hang', on: 'worker-1' }),
    }));
    expect(result.windows.baseline).toMatchObject({ requests: 36, availability: 1, wasted: null });
    expect(Math.min(...served)).toBeGreaterThan(50);
    expect(result.upstreams).toEqual([
      { worker: 'worker-1', address: `127.0.0.1:${ports[0]}` },
      { worker: 'worker-2', address: `127.0.0.1:${ports[1]}` },
    ]);
    expect(result.series.flatMap(({ workers }) => workers)).toEqual([]);
    expect(result.heapLimitBytes).toBeUndefined();
    expect(result.machine).not.toHaveProperty('starvedSamples');
    expect(machineProblems(result.machine).join()).not.toContain('workers');
    expect(answer.workers).toMatchObject([{ worker: 'worker-1', up: true, heapBytes: null }, {}]);
    expect(answer.config).toBe(404);
    expect(answer.inject).toEqual([422, expect.stringContaining('the upstreams are your own')]);
    const whole = resultOf([result]);
    const [page] = makeReport(whole, { maxPoints: 100, maxRequests: 10 }).variants;
    expect(page!.curves).toMatchObject({ workers: [], heapLimitBytes: null });
    expect(page!.lanes.map(({ worker, process }) => [worker, process])).toEqual([
      ['worker-1', []],
      ['worker-2', []],
    ]);
    const report = renderReport(whole, { color: false, interrupted: false });
    expect(report).not.toMatch(/workers lost|deaths|work for nobody|NaN|undefined/);
  });

  it('shows what a link does to one of them, and not before or after', async () => {
    const ports = [
      await startUpstream((_request, response) => response.end()),
      await startUpstream((_request, response) => response.end()),
    ];
    const toxic =
      'timeline: [{ at: 1500ms, toxic: down, on: worker-2, for: 1s }]\ngateway: { healthCheck: off }';
    const result = await runReally(scenario(ports, toxic));
    expect(result.windows.baseline!.status).toEqual({ 200: 36 });
    expect(result.windows.outage!.cause.connection_refused).toBeGreaterThan(5);
  });

  it('goes round one that falls ill, which health checks find out', async () => {
    let ill = false;
    const ports = [
      await startUpstream((_request, response) => response.end()),
      await startUpstream((_request, response) => response.writeHead(ill ? 503 : 200).end()),
    ];
    const checks = 'gateway: { healthCheck: { path: /, interval: 100ms, fall: 1 } }';
    const { result } = await runAndAsk(scenario(ports, checks), async () => {
      ill = true;
    });
    expect(result.events.map(({ type }) => type)).toContain('upstream.turned-unhealthy');
    expect(result.windows.outage!.status).toEqual({ 200: 60 });
  });

  it('speaks TLS to them', async () => {
    const fixture = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url);
    const [cert, key] = [readFileSync(fixture('first.cert.pem')), readFileSync(fixture('first.key.pem'))];
    const server = createSecureServer({ cert, key }, (_request, response) => response.end());
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const tls = `gateway: { upstreamTls: { ca: ${fixture('first.cert.pem').pathname} } }`;
    const text = scenario([port], tls).replace('http:', 'https:');
    expect((await runReally(text)).windows.baseline!.status).toEqual({ 200: 36 });
  });
});

describe('the command', () => {
  it('says with 103 which upstreams accept no connection, and starts nothing', async () => {
    const port = await freePort();
    const { code, stdout, stderr } = await runCli(['run', scenarioFile(scenario([port])), '--quiet']);
    expect([code, stdout]).toEqual([103, '']);
    expect(stderr).toContain(`no connection to worker-1 at 127.0.0.1:${port} (ECONNREFUSED)`);
  });

  it('refuses with 104 what is not on this machine, and checks it all the same', async () => {
    const file = scenarioFile(scenario([]).replace('[]', '[http://192.0.2.1:80]'));
    const run = await runCli(['run', file]);
    expect(run.code).toBe(104);
    expect(run.stderr).toContain(':5:22: fleet.upstreams[0]: 192.0.2.1:80 is not this machine');
    const validate = await runCli(['validate', file]);
    expect(validate.code).toBe(0);
    expect(validate.stdout).toContain('worker-1: 192.0.2.1:80, not on this machine: run it with --remote');
    expect(validate.stdout).toContain('engines: real');
  });

  it('runs the example', async () => {
    const ports = [
      await startUpstream((_request, response) => response.end('well\n')),
      await startUpstream((_request, response) => response.end('well\n')),
    ];
    const { code, stdout, stderr } = await runConclusively([
      ...['run', 'examples/own-upstreams.yaml', '--set'],
      `fleet.upstreams=[${ports.map((port) => `http://127.0.0.1:${port}`).join(', ')}]`,
    ]);
    expect(stdout, stderr).toMatch(/^PASS$/m);
    expect(code).toBe(0);
    expect(stderr).toContain('2 upstreams, last second');
  });
});
