/**
 * `npm run bench:rollback`: how long a rollback of the gateway's config takes while the gateway drowns. A thousand
 * connections send as fast as they are answered; then a config goes out that answers everything with 404, and is rolled
 * back. Told are the time to the admin API's answer, and to the first good answer on a connection of its own.
 */
import { get, request } from 'node:http';
import { EVERY_POLICY, LoadGenerator, Program, Reaper, startOrigin, WORKLOADS } from 'badgateway';

const REPEATS = 5;
const LOAD_MS = 4_000;
const BEFORE_PUSH_MS = 1_500;
const BEFORE_ROLLBACK_MS = 1_000;
const START_WITHIN_MS = 15_000;
const STOP_GRACE_MS = 2_000;

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const send = (url: string, method: string, body: object): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, agent: false, headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });

const statusOf = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', reject);
  });

const measureOnce = async (generator: LoadGenerator, url: string, adminUrl: string) => {
  const load = generator.run({
    ...WORKLOADS['many-connections'],
    url: `${url}/`,
    durationMs: LOAD_MS,
    pids: [],
  });
  await wait(BEFORE_PUSH_MS);
  const nowhere = { by: 'bench', approve: 'it is to fail', config: { routes: [{ path: '/nowhere' }] } };
  const pushed = await send(`${adminUrl}/config`, 'PUT', nowhere);
  if (pushed !== 202) throw new Error(`the push was answered ${pushed}`);
  await wait(BEFORE_ROLLBACK_MS);
  const bad = await statusOf(url);
  if (bad !== 404) throw new Error(`the bad config is not in force: ${bad}`);
  const startMs = performance.now();
  await send(`${adminUrl}/config/rollback`, 'POST', { by: 'bench' });
  const answeredMs = performance.now() - startMs;
  while ((await statusOf(url)) !== 200);
  const goodMs = performance.now() - startMs;
  const report = await load;
  return { answeredMs, goodMs, rps: (report.answered / report.elapsedMs) * 1000, p99: report.latencyMs.p99 };
};

const main = async (): Promise<void> => {
  const reaper = new Reaper();
  const origin = await startOrigin(reaper);
  const generator = new LoadGenerator(reaper);
  await generator.ready();
  const args = [CLI, 'gateway', origin.address, '--json', '--quiet', ...EVERY_POLICY];
  const gateway = new Program({ name: 'gateway', command: process.execPath, args, reaper });
  try {
    const [line] = await gateway.says(/\{.*\}/, START_WITHIN_MS);
    const { url, adminUrl } = JSON.parse(line) as { url: string; adminUrl: string };
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const { answeredMs, goodMs, rps, p99 } = await measureOnce(generator, url, adminUrl);
      process.stdout.write(
        `rollback answered in ${answeredMs.toFixed(0)} ms, good again after ${goodMs.toFixed(0)} ms ` +
          `(1,000 connections, ${rps.toFixed(0)} requests/s, p99 ${p99.toFixed(0)} ms)\n`,
      );
    }
  } finally {
    await gateway.stop(STOP_GRACE_MS);
    await generator.stop();
    await origin.stop();
    await reaper.stop();
  }
};

await main();
