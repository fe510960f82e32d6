/** The status page of a run whose gateway is killed: it answers all the time, tells of it, and says when it is over. */
import type { ChildProcess } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Reaper } from '../../src/core/reaper.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import { RealWorld } from '../../src/scenarios/real-world.js';
import { runScenario } from '../../src/scenarios/runner.js';
import { type StatusPage, startStatusPage } from '../../src/scenarios/status-page/status-page.js';
import { scenarioFile, startCli } from '../support/cli.js';
import { ask } from '../support/gateway.js';
import { descendants, isAlive } from '../support/processes.js';

/** A gateway boots slowly on a busy machine, and what is resolved has to be stable for four seconds before. */
const SCENARIO = `
version: 1
name: gateway-killed
title: The gateway is killed
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 5ms } }
clients: { patience: 4s }
load: { arrivals: constant, stages: [{ rate: 60/s, for: 30s }] }
timeline: [{ at: 3s, disrupt: kill, on: gateway-1, for: 3s }]
`;

interface Summary {
  readonly status: { readonly indicator: string };
  readonly components: readonly { readonly id: string; readonly status: string }[];
}

interface Status {
  readonly status: { readonly indicator: string };
  readonly feed: {
    readonly phase: string;
    readonly stale: boolean;
    readonly last_update_at: string | null;
    readonly last_update_age_ms: number;
  };
}

interface Incidents {
  readonly incidents: readonly {
    readonly name: string;
    readonly status: string;
    readonly started_at: string;
    readonly resolved_at: string | null;
    readonly reports: { readonly count: number };
    readonly incident_updates: readonly { readonly status: string; readonly body: string }[];
  }[];
}

const start = async (): Promise<StatusPage> => {
  const reaper = new Reaper();
  const page = await startStatusPage({ reaper });
  onTestFinished(async () => {
    await page.stop();
    await reaper.stop();
  });
  return page;
};

/** Between two looks: the machine has to run the rest too. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

/** The first thing in brackets that a command says on stderr like this. */
const said = ({ stderr }: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    stderr?.on('data', (chunk: string) => {
      text += chunk;
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });

const get = async <Answer>({ address }: Pick<StatusPage, 'address'>, path: string): Promise<Answer> =>
  (await (await fetch(`${address}/api/v2/${path}`)).json()) as Answer;

describe('a run whose gateway is killed', () => {
  it('has a status page that answers all the time, tells the incident, takes reports and resolves it', {
    timeout: 180_000,
  }, async () => {
    const page = await start();
    const scenario = parseScenario(SCENARIO, 'test.yaml');
    const [variant] = scenario.variants;
    const indicators = new Set<string>();
    const gateways = new Set<string>();
    let [asked, reported, errorPage, over] = [0, false, '', false];
    const watching = async (): Promise<void> => {
      while (!over) {
        await pause();
        const { status, components } = await get<Summary>(page, 'summary.json');
        asked++;
        indicators.add(status.indicator);
        const gateway = components.find(({ id }) => id === 'gateway')?.status;
        if (gateway !== undefined) gateways.add(gateway);
        if (gateway === 'major_outage' && !reported) {
          reported = true;
          const body = new URLSearchParams({ ray: '0123456789abcdef', note: 'nothing works' });
          expect((await fetch(`${page.address}/report`, { method: 'POST', body })).status).toBe(202);
        }
      }
    };
    let watched: Promise<void> = Promise.resolve();
    let world: RealWorld | null = null;
    await runScenario(scenario, [variant!], {
      makeWorld: (one) => {
        world = new RealWorld(one, { statusPage: page.address });
        return world;
      },
      signal: new AbortController().signal,
      openControl: async () => {
        // Its error pages lead here.
        const [place] = world!.front();
        errorPage = (await ask(place!.adminPort, { path: '/config' })).body;
        return { address: '', close: async () => {} };
      },
      onVariantStart: (one, running) => {
        page.watch(running, one, scenario.title);
        watched = watching();
      },
    });
    over = true;
    await watched;
    expect(asked).toBeGreaterThan(20);
    expect(errorPage).toContain(page.address);
    expect(indicators).toContain('critical');
    expect(indicators).toContain('none');
    // When the load is over nothing is known any more.
    gateways.delete('unknown');
    expect(gateways).toEqual(new Set(['operational', 'major_outage']));
    const { incidents } = await get<Incidents>(page, 'incidents.json');
    const incident = incidents.at(-1)!;
    expect(incident.name).toBe('The gateway is down');
    const states = incident.incident_updates.map(({ status }) => status).reverse();
    expect(states.slice(0, 2)).toEqual(['investigating', 'identified']);
    expect(states).toContain('resolved');
    expect(states.at(-1)).toBe('postmortem');
    expect(incident.incident_updates.at(-2)!.body).toContain('gateway-1 is not running');
    expect(incident.reports.count).toBe(1);
    expect(Date.parse(incident.resolved_at!)).toBeGreaterThan(Date.parse(incident.started_at));
  });
});

const LONG = `
version: 1
name: long-run
title: A run that is ended from outside
fleet: { workers: 2, serviceTime: { mean: 5ms } }
load: { stages: [{ rate: 40/s, for: 60s }] }
`;

describe('the process of a status page', () => {
  it('says that it has no news of a command that stands still, and goes with one that is killed', {
    timeout: 120_000,
  }, async () => {
    const command = startCli(['run', scenarioFile(LONG), '--status-page']);
    onTestFinished(() => void command.process.kill('SIGKILL'));
    const address = await said(command.process, /status page (http:\S+)\//);
    await command.said('control API');
    const feed = async () => (await get<Status>({ address }, 'status.json')).feed;
    while ((await feed()).last_update_at === null) await pause();
    command.process.kill('SIGSTOP');
    while (!(await feed()).stale) await pause();
    expect((await feed()).last_update_age_ms).toBeGreaterThan(3_000);
    expect((await get<Status>({ address }, 'status.json')).status.indicator).toBe('unknown');
    command.process.kill('SIGCONT');
    while ((await feed()).stale) await pause();
    const page = descendants(command.process.pid!).find(({ command: line }) =>
      line.includes('status-page/process.js'),
    )!;
    // One that stands still hears nothing of an end: the reaper has to see to it.
    process.kill(page.pid, 'SIGSTOP');
    command.process.kill('SIGKILL');
    await command.finished;
    while (isAlive(page.pid)) await pause();
  });
});
