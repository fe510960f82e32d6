/** Runs one case: a fault, a request that meets it, and what came of the client, of its connection and of the next. */
import { wallClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { buildGateway, type Gateway } from '../../src/gateway/server.js';
import type { Fault } from './fault.js';
import { FAULTS, type FaultId, faultOf } from './faults.js';
import { type FaultyUpstream, openUpstream } from './faulty-upstream.js';
import { type Answer, RawClient, type RawRequest } from './raw-client.js';

export type Method = 'GET' | 'POST' | 'PUT';

/**
 * `fresh`: the first request of its connections. `reused`: the second one. `split`: head and body in two packets.
 * `http-1.0`: a client for whom the end of the connection is the end of the body.
 */
export type Shape = 'fresh' | 'reused' | 'split' | 'http-1.0';

export interface Case {
  readonly fault: FaultId;
  readonly method: Method;
  /** `one`: the faulty upstream alone. `two`: a good one beside it, and retries are on. */
  readonly upstreams: 'one' | 'two';
  readonly shape: Shape;
}

export interface Observation {
  /** The name of the request that met the fault. */
  readonly id: string;
  readonly answer: Answer;
  /** Another request on the same connection of the client; `null` when that was closed. */
  readonly next: Answer | null;
  /** Another request on a new connection. */
  readonly later: Answer;
  /** Whether the upstream was healthy when these came. */
  readonly healed: boolean;
  /** How often the request came to the faulty upstream, and to the good one. */
  readonly sentToBad: number;
  readonly sentToGood: number;
  /** Connections the faulty upstream was asked for by the request. */
  readonly struckConnections: number;
  /** Bytes of the body that came to the good one, when all of it did. */
  readonly bodyAtGood: number | null;
  /** Attempts that the gateway still counts when all is over. */
  readonly leftInFlight: number;
}

const SMALL_BODY = Buffer.alloc(64 * 1024, 'b');
const LARGE_BODY = Buffer.alloc(4 * 1024 ** 2, 'b');
/** For slots to be given back after the client has its answer. */
const RELEASE_MS = 1_000;
/** Round robin gets to the faulty one of two within so many requests. */
const MAX_TRIES = 4;

/** Short, so that the suite is quick; each well apart from the next. */
const QUICK = { connect: '1s', attempt: '800ms', request: '2s', body: '600ms' } as const;
/** Where it is the connection that does not come about. */
const QUICK_CONNECT = { ...QUICK, connect: '200ms' } as const;
/** Where nothing should take time: a busy machine must not look like a slow upstream, and what hangs is still seen. */
export const PATIENT = { connect: '1s', attempt: '2s', request: '2500ms', body: '2s' } as const;

export const timeoutsOf = (fault: Fault) => {
  if (fault.byTheClock !== true) return PATIENT;
  return fault.at === 'kernel' && fault.backlog === 'full' ? QUICK_CONNECT : QUICK;
};

const sectionOf = ({ fault, upstreams }: Case): GatewaySection => ({
  healthCheck: 'off',
  timeouts: timeoutsOf(faultOf(fault)),
  ...(upstreams === 'two' && { retry: { attempts: 2, backoff: { base: '5ms', max: '10ms' } } }),
});

export interface OpenGateway {
  readonly gateway: Gateway;
  readonly port: number;
}

export const openGateway = async (
  section: GatewaySection,
  ports: Readonly<Record<string, number>>,
): Promise<OpenGateway> => {
  const gateway = buildGateway({
    config: resolveGatewayConfig(section),
    upstreams: Object.entries(ports).map(([id, port]) => ({ id, host: '127.0.0.1', port })),
    clock: wallClock,
    random: new Random(7),
    onEvent: () => {},
  });
  return { gateway, port: await gateway.listen('127.0.0.1', 0) };
};

export const requestOf = (
  { fault, method, shape }: Pick<Case, 'fault' | 'method' | 'shape'>,
  id: string,
): RawRequest => {
  const large = faultOf(fault).largeBody === true;
  return {
    method,
    path: `/fault/${id}`,
    version: shape === 'http-1.0' ? '1.0' : '1.1',
    split: shape === 'split',
    ...(method !== 'GET' && { body: large ? LARGE_BODY : SMALL_BODY }),
  };
};

export const healthy = (id: string): RawRequest => ({ method: 'GET', path: `/healthy/${id}` });

/** Attempts that an upstream has had, begun or over. */
const attemptsAt = (gateway: Gateway, id: string): number => {
  const upstream = gateway.pool.upstreams.find((one) => one.id === id)!;
  return upstream.inFlight + Object.values(upstream.counts).reduce((sum, count) => sum + count, 0);
};

const leftInFlight = async ({ pool }: Gateway): Promise<number> => {
  const count = (): number => pool.upstreams.reduce((sum, { inFlight }) => sum + inFlight, 0);
  const untilMs = performance.now() + RELEASE_MS;
  while (count() > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 5));
  return count();
};

class Bench {
  readonly #test: Case;
  readonly #open: OpenGateway;
  readonly #bad: FaultyUpstream;
  readonly #good: FaultyUpstream | null;
  readonly #clients: RawClient[] = [];

  constructor(test: Case, open: OpenGateway, bad: FaultyUpstream, good: FaultyUpstream | null) {
    this.#test = test;
    this.#open = open;
    this.#bad = bad;
    this.#good = good;
  }

  async run(): Promise<Observation> {
    const { gateway } = this.#open;
    const bad = this.#bad;
    let client = await this.#client();
    if (this.#test.shape === 'reused') {
      // Each upstream in turn, so that whichever is next has a kept connection.
      for (const name of this.#good === null ? ['w1'] : ['w1', 'w2']) await client.ask(healthy(name));
    }
    await bad.arm();
    if (faultOf(this.#test.fault).at === 'idle') await bad.idle();
    for (let number = 1; ; number++) {
      const id = `f${number}`;
      const before = { attempts: attemptsAt(gateway, 'bad'), connections: bad.struckConnections };
      const answer = await client.ask(requestOf(this.#test, id));
      if (attemptsAt(gateway, 'bad') > before.attempts || number === MAX_TRIES) {
        const struckConnections = bad.struckConnections - before.connections;
        return this.#finish({ id, answer, struckConnections }, client);
      }
      if (!client.isOpen) client = await this.#client();
    }
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #finish(
    seen: Pick<Observation, 'id' | 'answer' | 'struckConnections'>,
    client: RawClient,
  ): Promise<Observation> {
    const healed = this.#bad.disarm();
    const { id, answer } = seen;
    const kept = answer.complete && answer.connection === 'open';
    const next = kept ? await client.ask(healthy('n1')) : null;
    const later = await (await this.#client()).ask(healthy('n2'));
    const toGood = this.#good?.arrivals.filter((arrival) => arrival.id === id) ?? [];
    return {
      ...seen,
      next,
      later,
      healed,
      sentToBad: this.#bad.arrivals.filter((arrival) => arrival.id === id).length,
      sentToGood: toGood.length,
      bodyAtGood: toGood.find(({ whole }) => whole)?.bodyBytes ?? null,
      leftInFlight: await leftInFlight(this.#open.gateway),
    };
  }

  async #client(): Promise<RawClient> {
    const client = await RawClient.open(this.#open.port);
    this.#clients.push(client);
    return client;
  }
}

export const observe = async (test: Case): Promise<Observation> => {
  const bad = await openUpstream(faultOf(test.fault));
  const good = test.upstreams === 'two' ? await openUpstream(FAULTS.none) : null;
  const open = await openGateway(sectionOf(test), {
    bad: bad.port,
    ...(good !== null && { good: good.port }),
  });
  const bench = new Bench(test, open, bad, good);
  try {
    return await bench.run();
  } finally {
    bench.close();
    await open.gateway.close();
    await Promise.all([bad.close(), good?.close()]);
  }
};
