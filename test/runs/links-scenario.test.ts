/** Links in a run: put before every worker, disturbed by the timeline, told of by the control API, gone at the end. */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { CRASH_BEHIND_LINK, linksScenario, toxicScenario } from '../support/both-engines.js';
import { runCli, scenarioFile, startCli } from '../support/cli.js';
import { descendants, isAlive } from '../support/processes.js';
import { runAndAsk, runReally } from '../support/real-run.js';

interface Links {
  readonly toxiproxy: string | null;
  readonly links: readonly { readonly link: string; readonly listen: string; readonly upstream: string }[];
}

/** What the control API says of the links. */
const askForLinks = async (address: string): Promise<Links> =>
  (await (await fetch(`${address}/links`)).json()) as Links;

const failuresIn = (result: VariantResult, window: string, status: string): number =>
  result.windows[window]!.status[status] ?? 0;

describe('a run with a toxic on one worker’s link', () => {
  it('fails while it is there, and not before or after', async () => {
    const text = toxicScenario('reset_peer');
    const { result, answer } = await runAndAsk(text, async (address) => {
      const links = await askForLinks(address);
      return { links, proxies: await (await fetch(`${links.toxiproxy}/proxies`)).json() };
    });
    const { toxiproxy, links } = answer.links;
    expect(toxiproxy).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(links.map(({ link }) => link)).toEqual(['worker-1', 'worker-2']);
    const proxies = answer.proxies as Record<string, object>;
    for (const { link, listen, upstream } of links) {
      expect(proxies[link]).toMatchObject({ name: link, listen, upstream, enabled: true });
      expect(listen).not.toBe(upstream);
    }
    expect(failuresIn(result, 'baseline', '502')).toBe(0);
    expect(failuresIn(result, 'outage', '502')).toBeGreaterThan(10);
    expect(failuresIn(result, 'after', '502')).toBe(0);
    const [added] = ofType(result, 'link.toxic-added');
    expect(added!.fields).toMatchObject({
      ...{ link: 'worker-2', name: 'reset_peer_downstream', toxic: 'reset_peer', by: 'timeline' },
      ...{ stream: 'downstream', toxicity: 1, attributes: { timeout: 0 }, forMs: 2_000 },
    });
    const [removed] = ofType(result, 'link.toxic-removed');
    expect(removed!.fields).toMatchObject({ toxic: 'reset_peer', reason: 'time-over' });
    expect(removed!.t - added!.t).toBeGreaterThan(1.9);
  });

  it('is refused in a moment where a firewall rejects', async () => {
    const result = await runReally(toxicScenario('down'));
    expect(failuresIn(result, 'outage', '502')).toBeGreaterThan(10);
    expect(failuresIn(result, 'after', '502')).toBe(0);
  });

  it('is waited for where a firewall drops', async () => {
    const result = await runReally(toxicScenario('black-hole'));
    expect(failuresIn(result, 'outage', '504')).toBeGreaterThan(10);
    expect(failuresIn(result, 'outage', '502')).toBe(0);
    expect(result.windows.outage!.latencyMs.max).toBeGreaterThan(290);
    expect(failuresIn(result, 'after', '504')).toBe(0);
  });

  it('that is never taken away is taken away at the end', async () => {
    const result = await runReally(
      linksScenario('[{ at: 2s, toxic: latency, on: all, attributes: { latency: 200 } }]'),
    );
    expect(result.windows.after!.latencyMs.p50).toBeGreaterThan(195);
    const removed = ofType(result, 'link.toxic-removed').map(({ fields }) => [fields.link, fields.reason]);
    expect(removed.sort()).toEqual([
      ['worker-1', 'run-over'],
      ['worker-2', 'run-over'],
    ]);
  });

  it('sees a crashed worker refuse connections, as without a link', async () => {
    const result = await runReally(CRASH_BEHIND_LINK);
    expect(result.windows.outage!.cause.connection_refused ?? 0).toBeGreaterThan(5);
    expect(failuresIn(result, 'after', '502')).toBe(0);
  });
});

describe('a run without links', () => {
  it('has none, and says so', async () => {
    const { answer } = await runAndAsk(linksScenario('[]'), askForLinks);
    expect(answer).toEqual({ toxiproxy: null, links: [] });
  });
});

describe('a run with links that is killed', () => {
  it('leaves no process, though a thread of one stands still', async () => {
    const text = linksScenario('[{ at: 100ms, toxic: black-hole, on: all }]').replace('for: 6s', 'for: 60s');
    const command = startCli(['run', scenarioFile(text)]);
    await command.said('black-hole on the link of worker-2');
    const started = descendants(command.process.pid!);
    expect(started.some(({ command: line }) => line.includes('upstream/links/process.js'))).toBe(true);
    command.process.kill('SIGKILL');
    await command.finished;
    await expect.poll(() => started.filter(({ pid }) => isAlive(pid)), { timeout: 10_000 }).toEqual([]);
  });
});

describe('a scenario with a toxic that makes no sense', () => {
  it('is refused with exit code 104, its place and a hint, and nothing is started', async () => {
    const wrong = '[{ at: 2s, toxic: latency, on: worker-9, attributes: { latency: -1 } }]';
    const { code, stderr } = await runCli(['run', scenarioFile(linksScenario(wrong))]);
    expect(code).toBe(104);
    expect(stderr).toMatch(/:10:\d+: timeline\[0\]\.on: there is no worker-9; there are worker-1, worker-2/);
    expect(stderr).toMatch(/:10:\d+: timeline\[0\]\.attributes\.latency: must be a whole number \(ms\)/);
    expect(stderr).not.toContain('control API');
  });
});
