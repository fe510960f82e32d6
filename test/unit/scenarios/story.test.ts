/** The story of a variant: its turning points in order of time, each drawn from what was recorded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import { conclude, tellVariant } from '../../../src/scenarios/report/story.js';
import type { VariantResult } from '../../../src/scenarios/result.js';
import { resultEvent, variantResult, windowResult, workerExit } from '../../support/records.js';

const pushed = resultEvent(4, 'config.pushed', {
  version: 2,
  to: 'workers',
  strategy: 'all-at-once',
  readers: 2,
});
const assigned = (t: number, reader: string) => resultEvent(t, 'config.assigned', { version: 2, reader });
const rolledBack = (t: number, reason = 'ordered') =>
  resultEvent(t, 'config.rolled-back', { from: 2, version: 1, reason, to: 'workers' });

type SampledRequest = VariantResult['requests'][number];

/** A failed request of one try, or of several: the last of them gives it its status and its cause. */
const sampledRequest = (
  endMs: number,
  status: number,
  cause: string,
  earlier: SampledRequest['attempts'] = [],
): SampledRequest => ({
  rayId: '',
  arrivalMs: 0,
  endMs,
  status,
  cause,
  attempts: [...earlier, { startMs: 0, endMs, status, cause, rayId: '', upstreams: [] }],
});

/** Two workers die of a config, die again, and live after a rollback. */
const outage = variantResult({
  name: 'as-it-happened',
  windows: { outage: windowResult({ requests: 200, availability: 0.25 }) },
  recoveredMs: 9_000,
  crashes: 4,
  workersLost: 2,
  firstStatusMs: { '200': 10, '502': 4_600, '503': 5_100, none: 6_000 },
  requests: [
    sampledRequest(4_600, 502, 'connection_reset'),
    sampledRequest(4_700, 502, 'connection_refused'),
    sampledRequest(5_100, 503, 'no_upstream'),
  ],
  events: [
    pushed,
    assigned(4, 'worker-1'),
    assigned(4, 'worker-2'),
    workerExit(4.5, 'worker-1'),
    workerExit(4.9, 'worker-2'),
    resultEvent(5, 'upstream.turned-unhealthy', { upstream: 'worker-1', reason: 'refused' }),
    resultEvent(5.2, 'upstream.turned-unhealthy', { upstream: 'worker-2', reason: 'refused' }),
    workerExit(6, 'worker-1'),
    workerExit(6.2, 'worker-2'),
    resultEvent(6.5, 'run.noted', { text: 'somebody looks' }),
    rolledBack(7),
    resultEvent(7.5, 'config.rollback-finished', { version: 1, to: 'workers' }),
  ],
});

const told = (fields: Partial<VariantResult>): string[] =>
  tellVariant(variantResult(fields)).map(({ text }) => text);

describe('the story of a variant', () => {
  it('tells its turning points in order of time', () => {
    expect(tellVariant(outage).map(({ t, text }) => `${t} ${text}`)).toEqual([
      '4 version 2 of the config goes to 2 workers, to all of them at once',
      '4.5 worker-1 dies by SIGABRT with 60MiB of 64MiB heap in use, V8: Reached heap limit',
      '4.6 first 502: a worker died with the request in its hands',
      '4.9 all 2 workers have died, within 400ms',
      '5.1 first 503: no healthy worker is left to ask',
      '5.2 health checks have taken the last worker out',
      '6.2 the last of 2 more deaths: restarted workers read version 2 again, and run out of memory again',
      '6.5 somebody looks',
      '7 version 2 is rolled back to 1 by order',
      '7.5 every worker is meant to run version 1 again',
      '9 service is good again',
    ]);
  });

  it('is in order of time whatever happened when', () => {
    const t = fc.double({ min: 0.001, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.array(t), t, t, (notes, pushAt, statusAt) => {
        const moments = tellVariant(
          variantResult({
            events: [
              ...notes.map((at) => resultEvent(at, 'run.noted', { text: 'note' })),
              { ...pushed, t: pushAt },
              workerExit(pushAt, 'worker-1'),
            ],
            crashes: 1,
            workersLost: 1,
            firstStatusMs: { '502': statusAt * 1_000 },
          }),
        ).map((moment) => moment.t);
        expect(moments).toHaveLength(notes.length + 3);
        expect(moments).toEqual([...moments].sort((a, b) => a - b));
      }),
    );
  });

  it('is empty when nothing happened', () => {
    expect(told({})).toEqual([]);
  });

  it('says at the end that service never became good again, unless the run was cut short', () => {
    const moments = tellVariant(variantResult({ recoveredMs: null, durationMs: 10_000 }));
    expect(moments).toEqual([{ t: 10, text: 'the end: service never became good again' }]);
    expect(told({ recoveredMs: null, partial: true })).toEqual([]);
  });

  it('says of a canary whether it passed, and of a rollback by itself why', () => {
    const canary = { ...pushed, strategy: 'canary' };
    expect(
      told({ events: [canary, resultEvent(9, 'config.promoted', { version: 2, to: 'workers' })] }),
    ).toEqual([
      'version 2 of the config goes to 2 workers, to a canary first',
      'the canary passed: version 2 goes to the rest',
    ]);
    expect(told({ events: [canary, rolledBack(5, '1 exit')] })).toContain(
      'version 2 is rolled back to 1 by itself: 1 exit',
    );
  });

  it('tells in one line what is done to several workers at one moment', () => {
    const fault = (t: number, type: string, worker: string, more: object) =>
      resultEvent(t, type, { fault: 'crash', worker, ...more });
    const injected = (t: number, worker: string, options = {}) =>
      fault(t, 'fault.injected', worker, { options, forMs: null });
    const events = [
      ...[10, 9, 1, 2, 11].map((id, index) => injected(4 + index * 0.01, `worker-${id}`)),
      injected(4.05, 'worker-3', { share: 0.5 }),
      injected(4.2, 'worker-4'),
      ...['db-1', 'db-2'].map((worker) => fault(5, 'fault.refused', worker, { reason: 'down' })),
      ...['worker-1', 'worker-2', 'worker-3'].map((worker) =>
        fault(6, 'fault.healed', worker, { reason: 'time-over' }),
      ),
      fault(6, 'fault.healed', 'worker-4', { reason: 'restarted' }),
    ];
    expect(told({ events })).toEqual([
      'fault crash is injected into worker-1, worker-2 and worker-9 to worker-11',
      'fault crash is injected into worker-3',
      'fault crash is injected into worker-4',
      'db-1 and db-2 cannot get fault crash: they are down',
      'crash of worker-1 to worker-3 is healed',
      'worker-4 is restarted, and crash is gone',
    ]);
  });

  it('names each worker once, in as many lines as there are moments', () => {
    const at = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), at, (ids, t) => {
        const events = ids.map((id) =>
          resultEvent(t, 'fault.injected', {
            fault: 'leak',
            worker: `worker-${id}`,
            options: {},
            forMs: null,
          }),
        );
        const lines = told({ events });
        expect(lines).toHaveLength(1);
        const named = lines[0]!
          .split('into ')[1]!
          .split(/, | and /)
          .flatMap((part) => {
            const [from, to = from] = part.split(' to ').map((name) => Number(name.slice('worker-'.length)));
            return Array.from({ length: to! - from! + 1 }, (_, index) => from! + index);
          });
        expect(named).toEqual([...ids].sort((a, b) => a - b));
      }),
    );
  });

  it('tells what is done to dependencies, links, caches and the fleet', () => {
    const toxic = { name: 'far', toxic: 'latency', stream: 'both', toxicity: 1, attributes: {} };
    const events = [
      resultEvent(1, 'dependency.disturbed', { dependency: 'db', fault: 'slow', options: {}, forMs: 5_000 }),
      resultEvent(6, 'dependency.recovered', { dependency: 'db', fault: 'slow', reason: 'time-over' }),
      ...['worker-1', 'worker-2'].map((link) =>
        resultEvent(7, 'link.toxic-added', { ...toxic, link, forMs: null, by: 'timeline' }),
      ),
      resultEvent(8, 'link.toxic-removed', { ...toxic, link: 'worker-1', reason: 'ordered' }),
      resultEvent(9, 'link.toxic-removed', { ...toxic, link: 'worker-2', reason: 'run-over' }),
      resultEvent(10, 'cache.purged', { responses: 12, soft: false }),
      resultEvent(11, 'cache.purged', { responses: 3, soft: true, gateway: 'edge' }),
      resultEvent(12, 'deploy.began', { version: 2, strategy: 'rolling', workers: 4 }),
      resultEvent(13, 'fleet.scaled', { from: 4, to: 6, reason: 'ordered' }),
    ];
    expect(told({ events })).toEqual([
      'dependency db is disturbed: slow for 5s',
      'dependency db has recovered from slow',
      'toxic latency is put on the links of worker-1 and worker-2',
      'toxic latency is taken off the link of worker-1',
      'the cache of the gateway is emptied of 12 answers',
      '3 answers in the cache of the edge are made stale',
      'a deploy of version 2 to 4 workers begins, rolling',
      'the fleet goes from 4 to 6 workers: ordered',
    ]);
  });

  it('tells of faults and of configs that were refused', () => {
    const events = [
      resultEvent(1, 'fault.injected', { fault: 'slow', worker: 'worker-2', forMs: null, options: {} }),
      resultEvent(1.5, 'fault.healed', { fault: 'slow', worker: 'worker-2', reason: 'ordered' }),
      resultEvent(1.8, 'fault.healed', { fault: 'hang', worker: 'worker-1', reason: 'restarted' }),
      resultEvent(1.9, 'fault.refused', { fault: 'hang', worker: 'worker-3', reason: 'down' }),
      resultEvent(2, 'config.refused', { status: 422, reason: 'endpoint a is named twice' }),
    ];
    expect(told({ events })).toEqual([
      'fault slow is injected into worker-2',
      'slow of worker-2 is healed',
      'worker-1 is restarted, and hang is gone',
      'worker-3 cannot get fault hang: it is down',
      'a config is refused with 422: endpoint a is named twice',
    ]);
  });

  it('tells of the first report of a user, and of the others how many they were', () => {
    const reported = (t: number) => resultEvent(t, 'error.reported', { rayId: `00000000000000a${t}` });
    const textsOf = (...times: number[]): string[] =>
      tellVariant(variantResult({ events: times.map(reported) })).map(({ text }) => text);
    expect(textsOf(4)).toContain('a user reports the error 00000000000000a4');
    expect(textsOf(4, 5, 6)).toContain('a user reports the error 00000000000000a4, the first of 3 who do');
    expect(textsOf(4, 5, 6).filter((text) => text.includes('reports'))).toHaveLength(1);
  });

  it('says of a status what it came from, where it knows, and tells of no status that is good', () => {
    const firstStatusMs = { '200': 1, '302': 2, '429': 3_000, '500': 4_000 };
    const requests = [
      sampledRequest(3_000, 429, 'rate_limited'),
      sampledRequest(4_000, 500, 'upstream_response'),
    ];
    expect(told({ firstStatusMs, requests })).toEqual([
      'first 429: clients send more than they may',
      'first 500',
    ]);
  });

  it('says what the first try with a status came from, even if its request went on to another', () => {
    const reset = {
      startMs: 0,
      endMs: 900,
      status: 502,
      cause: 'connection_reset',
      rayId: '',
      upstreams: [],
    };
    const requests = [
      sampledRequest(1_500, 503, 'no_upstream', [reset]),
      sampledRequest(5_000, 502, 'connection_refused'),
    ];
    expect(told({ firstStatusMs: { '502': 900, '503': 1_500 }, requests })).toEqual([
      'first 502: a worker died with the request in its hands',
      'first 503: no healthy worker is left to ask',
    ]);
  });

  it('does not say that all workers were out when one had come back', () => {
    const turned = (t: number, how: string, upstream: string) =>
      resultEvent(t, `upstream.turned-${how}`, { upstream, reason: 'timeout' });
    const events = [
      turned(1, 'unhealthy', 'worker-1'),
      turned(2, 'healthy', 'worker-1'),
      turned(3, 'unhealthy', 'worker-2'),
    ];
    expect(told({ events })).toEqual([]);
    expect(tellVariant(variantResult({ events: [...events, turned(4, 'unhealthy', 'worker-1')] }))).toEqual([
      { t: 4, text: 'health checks have taken the last worker out' },
    ]);
  });

  it('names an exit code where there was no signal, and no cause where V8 said none', () => {
    const exit = { ...workerExit(1, 'worker-1'), signal: null, code: 7, fatalLine: null };
    expect(told({ events: [exit], crashes: 1, workersLost: 1 })).toEqual([
      'worker-1 dies by exit code 7 with 60MiB of 64MiB heap in use',
    ]);
  });
});

describe('the conclusion', () => {
  it('says what each variant cost, how far its config came, and compares it with the first', () => {
    const canary = variantResult({
      name: 'canary',
      windows: { outage: windowResult({ requests: 190, availability: 0.95 }) },
      workersLost: 1,
      events: [pushed, assigned(4, 'worker-1'), rolledBack(5.5)],
    });
    expect(conclude({ variants: [outage, canary] })).toEqual([
      'as-it-happened: 75% of 200 requests failed in the outage window, 2 workers lost; version 2 ' +
        'reached 2 of 2 workers, the rollback began 3s after the push.',
      'canary: 5% of 190 requests failed in the outage window, 1 worker lost; ' +
        'version 2 reached 1 of 2 workers, the rollback began 1.5s after the push.',
    ]);
  });

  it('is about the whole run where no window is called outage', () => {
    const windows = { [WHOLE_RUN]: windowResult({ availability: 0.9, requests: 50 }) };
    expect(conclude({ variants: [variantResult({ windows, workersLost: 1 })] })).toEqual([
      'default: 10% of 50 requests failed in the whole run, 1 worker lost.',
    ]);
  });

  it('is nothing where nothing was measured', () => {
    expect(conclude({ variants: [variantResult({ windows: {} })] })).toEqual([]);
    expect(conclude({ variants: [] })).toEqual([]);
  });
});
