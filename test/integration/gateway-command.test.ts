/** `badgateway gateway`: the built-in gateway in front of upstreams of the user's own. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RAY_ID_HEADER } from '../../src/gateway/headers.js';
import { type Command, runCli, scenarioFile, startCli } from '../support/cli.js';
import { ask } from '../support/gateway.js';
import { freePort, startUpstream } from '../support/upstream.js';

/** An upstream that says its name. */
const startNamed = (name: string): Promise<number> =>
  startUpstream((_request, response) => response.end(name));

interface Addresses {
  readonly port: number;
  readonly adminPort: number;
  readonly pid: number;
}

const addressesOf = async (command: Command): Promise<Addresses> => {
  const { url, adminUrl, pid } = JSON.parse(await command.firstLine);
  return { port: Number(new URL(url).port), adminPort: Number(new URL(adminUrl).port), pid };
};

describe('badgateway gateway', () => {
  it('serves until SIGINT, and ends with 0', async () => {
    const port = await startNamed('one');
    const command = startCli(['gateway', `http://127.0.0.1:${port}`, '--json']);
    const addresses = await addressesOf(command);
    const answer = await ask(addresses.port);
    expect([answer.status, answer.body]).toEqual([200, 'one']);
    const upstreams = JSON.parse((await ask(addresses.adminPort, { path: '/upstreams' })).body);
    expect(upstreams).toMatchObject([{ id: 'upstream-1', address: `127.0.0.1:${port}`, healthy: true }]);
    command.process.kill('SIGINT');
    const { code, stdout } = await command.finished;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });

  it('gives out the same Ray IDs again with the same seed, and others without one', async () => {
    const port = await startNamed('one');
    const rayIdWith = async (...seed: readonly string[]): Promise<unknown> => {
      const command = startCli(['gateway', `http://127.0.0.1:${port}`, '--json', ...seed]);
      const { headers } = await ask((await addressesOf(command)).port);
      command.process.kill('SIGINT');
      await command.finished;
      return headers[RAY_ID_HEADER];
    };
    const first = await rayIdWith('--seed', '7');
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(await rayIdWith('--seed', '7')).toBe(first);
    expect(await rayIdWith()).not.toBe(first);
  });

  it('starts with an upstream that is down, says so, and answers 503; a second signal ends it at once', async () => {
    const command = startCli(['gateway', `127.0.0.1:${await freePort()}`, '--json']);
    const { port, pid } = await addressesOf(command);
    await command.said('upstream-1 is unhealthy: ECONNREFUSED');
    expect((await ask(port)).status).toBe(503);
    // A gateway that stands still takes its whole time to stop.
    process.kill(pid, 'SIGSTOP');
    command.process.kill('SIGINT');
    await command.said('stopping');
    command.process.kill('SIGINT');
    expect((await command.finished).code).toBe(105);
  });

  it('reads its config from a file and from --set, which wins, and ends by SIGTERM too', async () => {
    const file = scenarioFile('gateway:\n  timeouts: { attempt: 3s }\n  breaker: { openFor: 9s }\n');
    const command = startCli(
      ['gateway', `127.0.0.1:${await startNamed('one')}`, '--config', file].concat([
        '--set',
        'breaker.openFor=5s',
        '--set',
        'statusDialect=envoy',
        '--json',
      ]),
    );
    const { adminPort } = await addressesOf(command);
    const { config } = JSON.parse((await ask(adminPort, { path: '/config' })).body);
    expect(config).toMatchObject({
      attemptTimeoutMs: 3_000,
      statusDialect: 'envoy',
      breaker: { openMs: 5_000 },
    });
    command.process.kill('SIGTERM');
    expect((await command.finished).code).toBe(0);
  });

  it('says which port is taken, with exit code 103', async () => {
    const port = await startNamed('one');
    for (const flag of ['--port', '--admin-port']) {
      const { code, stderr } = await runCli(['gateway', `127.0.0.1:${port}`, flag, String(port)]);
      expect(code).toBe(103);
      expect(stderr).toContain(`port ${port} of 127.0.0.1 is taken`);
    }
  });

  it('says where the config names an upstream that is not there, at the start with exit code 104', async () => {
    const file = scenarioFile('upstreams:\n  worker-1: { priority: 1 }\n');
    const { code, stderr } = await runCli(['gateway', '127.0.0.1:3000', '--config', file]);
    expect(code).toBe(104);
    expect(stderr).toContain(`${file}:2:13: upstreams.worker-1: there is no upstream "worker-1"`);
  });

  it('says where a pushed config names an upstream that is not there', async () => {
    const command = startCli(['gateway', `127.0.0.1:${await startNamed('one')}`, '--json']);
    const { adminPort } = await addressesOf(command);
    const pushed = { by: 'me', config: 'retry: {}\nupstreams:\n  worker-1: { priority: 1 }\n' };
    const headers = { 'content-type': 'application/json' };
    const put = { method: 'PUT', path: '/config', headers };
    const { status, body } = await ask(adminPort, put, JSON.stringify(pushed));
    expect(status).toBe(422);
    expect(JSON.parse(body).problems).toMatchObject([{ path: 'upstreams.worker-1', line: 3, column: 13 }]);
  });

  it.each([1, 2])(
    'asks for its token, which no other user of the machine can see, with %i processes',
    async (processes) => {
      const adminToken = 'known-to-nobody-else';
      const args = [
        'gateway',
        `127.0.0.1:${await startNamed('one')}`,
        '--json',
        '--processes',
        String(processes),
      ];
      const command = startCli(args, { BADGATEWAY_ADMIN_TOKEN: adminToken });
      const { adminPort, pid } = await addressesOf(command);
      const memory = (headers: Record<string, string>) => ask(adminPort, { path: '/memory', headers });
      expect((await memory({})).status).toBe(401);
      const { status, body } = await memory({ authorization: `Bearer ${adminToken}` });
      expect(status).toBe(200);
      const { processes: serving = [] } = JSON.parse(body) as { processes?: { pid: number }[] };
      expect(serving.length).toBe(processes === 1 ? 0 : processes);
      for (const seen of [command.process.pid, pid, ...serving.map((one) => one.pid)]) {
        expect(readFileSync(`/proc/${seen}/cmdline`, 'utf8')).not.toContain(adminToken);
      }
      // Those that serve have no use for it.
      for (const one of serving) {
        expect(readFileSync(`/proc/${one.pid}/environ`, 'utf8')).not.toContain(adminToken);
      }
    },
  );

  it('does not take a token that the command line made a number of', async () => {
    const { code, stderr } = await runCli([
      'gateway',
      '127.0.0.1:3000',
      '--admin-token',
      '01234567890123456789',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('BADGATEWAY_ADMIN_TOKEN');
  });

  it('says where a limit is that is too small to be divided, with exit code 104', async () => {
    const file = scenarioFile('concurrency:\n  limit: 3\n');
    const args = ['gateway', '127.0.0.1:3000', '--config', file, '--processes', '4'];
    const { code, stderr } = await runCli(args);
    expect(code).toBe(104);
    expect(stderr).toContain(`${file}:2:10: concurrency.limit: is 3, which cannot be divided`);
  });
});
