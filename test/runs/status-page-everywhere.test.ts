/**
 * The status page through very short runs in which each part in turn is dead, and one that the machine starves: it answers
 * all the time, and its JSON says who it is that is down. One page sees all of them, as one of a lab does.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Reaper } from '../../src/core/reaper.js';
import { explain } from '../../src/scenarios/explain/explain.js';
import type { RunObserver } from '../../src/scenarios/measure/recorder.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import { RealWorld } from '../../src/scenarios/real-world.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { runScenario } from '../../src/scenarios/runner.js';
import { type StatusPage, startStatusPage } from '../../src/scenarios/status-page/status-page.js';

interface Family {
  readonly what: string;
  /** Sections of the scenario besides fleet and load. */
  readonly sections: string;
  /** Components that are down when the run ends; all others work. */
  readonly down: readonly string[];
  /** Whether clients get an answer that says so, with a Ray ID. */
  readonly answered?: true;
}

const FAMILIES: readonly Family[] = [
  {
    what: 'the gateway is killed',
    sections: 'timeline: [{ at: 1s, disrupt: kill, on: gateway-1 }]',
    down: ['clients', 'gateway'],
  },
  {
    what: 'the edge is killed',
    sections: 'edge: { gateway: { healthCheck: off } }\ntimeline: [{ at: 1s, disrupt: kill, on: edge }]',
    down: ['clients', 'edge'],
  },
  {
    what: 'all workers are dead',
    sections: 'timeline: [{ at: 1s, inject: crash, on: [worker-1, worker-2], how: kill }]',
    down: ['clients', 'workers'],
    answered: true,
  },
  {
    what: 'names do not resolve',
    sections: 'names: { ttl: 1s }\ntimeline: [{ at: 1s, dns: nxdomain, on: all }]',
    down: ['clients'],
    answered: true,
  },
];

const scenarioOf = (sections: string, forText = '5s'): string => `
version: 1
name: one-part-dead
title: One part is dead
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 5ms }, restart: { delay: 1m, maxDelay: 1m } }
gateway: { keepAlive: off, healthCheck: off }
clients: { patience: 1s }
load: { arrivals: constant, stages: [{ rate: 30/s, for: ${forText} }] }
${sections}
`;

interface Component {
  readonly id: string;
  readonly status: string;
  readonly last_known_status: string;
}

interface Summary {
  readonly status: { readonly indicator: string };
  readonly components: readonly Component[];
  readonly feed: { readonly phase: string };
}

const WORKS = 'operational';
const DOWN = 'major_outage';

/** Between two looks: the machine has to run the rest too. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

const reaper = new Reaper();
let page: StatusPage;

/** Everything that it has: each has to be there whatever happens. */
const ADDRESSES = ['/', '/api/v2/status.json', '/api/v2/incidents.json', '/history.atom'];

const summary = async (): Promise<Summary> => {
  for (const path of ADDRESSES) {
    const response = await fetch(`${page.address}${path}`);
    await response.text();
    expect(response.status, path).toBe(200);
  }
  const response = await fetch(`${page.address}/api/v2/summary.json`);
  expect(response.status).toBe(200);
  return (await response.json()) as Summary;
};

/** The page hears of the end from another process, a little after it. */
const lastSummary = async (): Promise<Summary> => {
  for (;;) {
    const one = await summary();
    if (one.feed.phase === 'over') return one;
    await pause();
  }
};

interface Looked {
  /** What was seen while the load went on. */
  readonly seen: readonly Summary[];
  readonly result: VariantResult;
  /** Ray ID of the first request that failed, which a user has reported; empty: none had one. */
  readonly reported: string;
}

/** What a user does who got an error page. */
const report = async (ray: string): Promise<void> => {
  const body = new URLSearchParams({ ray, note: 'nothing works' });
  expect((await fetch(`${page.address}/report`, { method: 'POST', body })).status).toBe(202);
};

/** Looks as long as a run goes on. */
const lookAt = async (text: string): Promise<Looked> => {
  const scenario = parseScenario(text, 'test.yaml');
  const seen: Summary[] = [];
  let reported = '';
  let reporting = Promise.resolve();
  const watcher: RunObserver = {
    begin: () => {},
    event: () => {},
    sample: () => {},
    record: ({ ok, attempts }) => {
      const rayId = attempts.at(-1)?.rayId ?? '';
      if (ok || rayId === '' || reported !== '') return;
      reported = rayId;
      reporting = report(rayId);
    },
  };
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      await pause();
      const one = await summary();
      if (one.feed.phase === 'live') seen.push(one);
    }
  })();
  const [result] = await runScenario(scenario, scenario.variants, {
    makeWorld: (variant) => new RealWorld(variant, { statusPage: page.address }),
    signal: new AbortController().signal,
    onVariantStart: (variant, world) => {
      world.recorder.observers.add(watcher);
      page.watch(world, variant, scenario.title);
    },
  }).finally(() => {
    isOver = true;
  });
  await Promise.all([looking, reporting]);
  return { seen, result: result!, reported };
};

const idsIn = ({ components }: Summary, state: string): string[] =>
  components.filter(({ last_known_status: status }) => status === state).map(({ id }) => id);

/** The report is in the story of the run, and its Ray ID leads to the request and to why it failed. */
const expectExplained = (result: VariantResult, rayId: string): void => {
  const told = ofType(result, 'error.reported').map(({ fields }) => fields.rayId);
  expect(told).toEqual([rayId]);
  const request = result.requests.find(({ attempts }) => attempts.some((one) => one.rayId === rayId));
  const [explanation] = explain(result, request === undefined ? [] : [request]);
  expect(explanation?.root.kind).not.toBe('unknown');
};

describe('the status page is up, and says who is not, when', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    page = await startStatusPage({ reaper });
  });

  afterAll(async () => {
    await page.stop();
    await reaper.stop();
  });

  it.each(FAMILIES)('$what', async ({ sections, down, answered }) => {
    const { seen, result, reported } = await lookAt(scenarioOf(sections));
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.some(({ status }) => status.indicator === 'critical')).toBe(true);
    const last = await lastSummary();
    expect(idsIn(last, DOWN)).toEqual(down);
    const others = last.components.map(({ id }) => id).filter((id) => !down.includes(id));
    expect(idsIn(last, WORKS)).toEqual(others);
    if (answered) expectExplained(result, reported);
  });

  it('the machine starves, and nothing else is wrong', async () => {
    const neighbours = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    );
    const end = (): void => {
      for (const neighbour of neighbours) neighbour.kill('SIGKILL');
    };
    onTestFinished(end);
    const { seen } = await lookAt(scenarioOf('', '3s'));
    end();
    expect(seen.length).toBeGreaterThan(0);
    const last = await lastSummary();
    // What becomes of the requests is the machine's affair.
    expect(idsIn(last, WORKS)).toEqual(expect.arrayContaining(['gateway', 'workers']));
  });
});
