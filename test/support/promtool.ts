/** promtool, Prometheus's own checker, and what a scrape of a gateway and of a run's control API has to show. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { workerMetrics } from '../../src/scenarios/control/worker-metrics.js';
import type { WorkerStatus } from '../../src/upstream/fleet.js';

const PROMTOOL = '/usr/bin/promtool';

/** Of Debian's package `prometheus`. */
export const hasPromtool = existsSync(PROMTOOL);

export interface Checked {
  readonly code: number | null;
  readonly output: string;
}

export const promtool = (args: readonly string[], stdin = ''): Promise<Checked> =>
  new Promise((resolve, reject) => {
    const child = spawn(PROMTOOL, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
    child.stdin.end(stdin);
  });

/** Whatever can be read of a metric by its name: a histogram has three names besides its own. */
export const metricNames = (text: string): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (type === 'histogram') for (const end of ['_bucket', '_sum', '_count']) names.add(name! + end);
    else names.add(name!);
  }
  return names;
};

/** Workers as a fleet shows them: one that tells everything, and one of the user's own. */
const WORKERS: readonly WorkerStatus[] = [
  {
    ...{ worker: 'worker-1', up: true, active: true, exits: 2, faults: [], version: 1, drained: false },
    ...{ heapBytes: 9_000_000, heapLimitBytes: 64_000_000, slots: 8, configVersion: 3 },
    requests: { busy: 3, queued: 1, served: 100, wasted: 4 },
  },
  {
    ...{ worker: 'worker-2', up: false, active: true, exits: 0, faults: [], version: 1, drained: false },
    ...{ heapBytes: null, heapLimitBytes: null, slots: null, configVersion: 0, requests: null },
  },
];

export const fleetOfTwo = { status: () => WORKERS };

/** What a run's control API shows of such workers. */
export const scrapeWorkers = (): Promise<string> => workerMetrics(fleetOfTwo).render();
