/** Versions of a gateway's config at work in virtual time, in front of upstreams whose answers a test decides. */
import { type Event, EventStream } from '../../src/core/events.js';
import { Random } from '../../src/core/random.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import type { Generation } from '../../src/gateway/generation.js';
import { Generations } from '../../src/gateway/generations.js';
import { KeptState } from '../../src/gateway/kept-state.js';
import { OwnReach } from '../../src/gateway/reach.js';
import type { Gateway } from '../../src/gateway/server.js';
import { UpstreamPool } from '../../src/gateway/upstream-pool.js';
import { type BodySink, Call, type Headers, type Service } from '../../src/policies/service.js';
import { mockResponse } from './mock-service.js';

export const ownConfig = (section: GatewaySection) =>
  resolveGatewayConfig({ healthCheck: 'off', ...section });

/** @param ids of the upstreams. */
export const makeGenerations = (section: GatewaySection, ids: readonly string[] = ['u1', 'u2']) => {
  const clock = new VirtualClock();
  const stream = new EventStream(clock.nowMs.bind(clock));
  const events: Event[] = [];
  stream.subscribe((event) => events.push(event));
  const pool = new UpstreamPool(ids.map((id) => ({ id, host: '127.0.0.1', port: 1 })));
  /** What each upstream answers; 200 where nothing is said. */
  const statuses = new Map<string, number>();
  const answer: { service: Service | null; headers: Headers } = { service: null, headers: {} };
  const generations = new Generations(ownConfig(section), {
    pool,
    kept: new KeptState(),
    clock,
    random: new Random(1),
    emit: stream.emit,
    metrics: { onCache: () => {}, onRuleTime: () => {} },
    tracing: null,
    open: ({ id }) => ({
      send: (request, call) => {
        if (answer.service !== null) return answer.service(request, call);
        const response = mockResponse(statuses.get(id) ?? 200);
        const relay = (sink: BodySink): void => {
          sink.end();
          response.finish();
        };
        return Promise.resolve({ ...response, headers: answer.headers, relay });
      },
      close: async () => {},
    }),
  });
  let order = 0;
  const versions = new Map<number, GatewaySection>([[1, section]]);
  const versioned = (version: number) => ({ version, config: ownConfig(versions.get(version)!) });
  /** Serves these versions, by number; one that is new brings its section. */
  const run = (
    stable: number,
    { candidate, standby }: { candidate?: number; standby?: number } = {},
    sections: Readonly<Record<number, GatewaySection>> = {},
  ): void => {
    for (const [version, own] of Object.entries(sections)) versions.set(Number(version), own);
    generations.apply({
      order: ++order,
      stable: versioned(stable),
      candidate: candidate === undefined ? null : { ...versioned(candidate), shareRatio: 0.5 },
      standby: standby === undefined ? null : versioned(standby),
    });
  };
  const send = async (generation: Generation, path = '/'): Promise<number> => {
    const request = { method: 'GET', path, headers: { host: 'a.test' }, body: null };
    const response = await generation.handle(request, new Call('0123456789abcdef', clock));
    response.relay({ write: () => true, end: () => {}, abort: () => {} });
    return response.statusCode;
  };
  const reach = new OwnReach({ pool, generations } as unknown as Gateway, clock);
  const of = (type: Event['type']): Event[] => events.filter((event) => event.type === type);
  const available = (): string[] => pool.upstreams.filter((one) => one.available).map(({ id }) => id);
  return {
    clock,
    events,
    pool,
    statuses,
    answer,
    generations,
    run,
    send,
    reach,
    of,
    available,
    emit: stream.emit,
  };
};
