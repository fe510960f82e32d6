/**
 * A lab without one: the page, a stream that is made up, and an API that takes every order and says which it got. For
 * tests of the page alone, and of what a server does seldom: it breaks off, refuses, ends.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { actionForms } from '../../src/scenarios/control/action-forms.js';
import type { ScenarioAnswer } from '../../src/scenarios/live/api.js';
import { makeCatalog } from '../../src/scenarios/live/catalog.js';
import type { AtWork, FeedEvent, FeedMessage, Tick, VariantBegin } from '../../src/scenarios/live/feed.js';
import { renderPage } from '../../src/web/page.js';

export const fakeBegin = (options: Partial<VariantBegin> = {}, workers = 4): VariantBegin => ({
  type: 'begin',
  mode: 'lab',
  engine: 'real',
  scenario: { name: 'lab', title: 'The lab', story: '' },
  variant: 'lab',
  variants: ['lab'],
  durationS: null,
  windows: [],
  statusPage: null,
  topology: {
    classes: [],
    edge: false,
    gateways: ['gateway-1'],
    target: 'gateway',
    workers: Array.from({ length: workers }, (_, index) => ({
      id: `worker-${index + 1}`,
      slots: 8,
      queue: null,
      heapLimitBytes: 64 * 1024 ** 2,
    })),
    links: false,
    dependencies: ['store'],
  },
  ...options,
});

const LEAK: AtWork = {
  ...{ kind: 'worker', what: 'leak', on: ['worker-2'], how: ' (perSecond 8MiB)', sinceS: 1, untilS: null },
  heal: { method: 'POST', path: 'timeline', body: { heal: 'leak', on: 'worker-2' } },
};

/** @param at the number of the tick. @param leaking how long the second worker leaks, ticks. */
export const fakeTick = (
  at: number,
  { rps = 60, leaking = 0, workers = 4, atWork = [] as readonly AtWork[] } = {},
): Tick => {
  const offered = Math.round((rps / 4) * (1 + 0.2 * Math.sin(at / 3)));
  const heap = 12 * 1024 ** 2 + leaking * 2 * 1024 ** 2;
  const isDead = heap > 62 * 1024 ** 2;
  const failed = isDead ? Math.round(offered / workers) : 0;
  return {
    type: 'tick',
    t: at / 4,
    spanMs: 250,
    offered,
    ok: offered - failed,
    status: failed === 0 ? { '200': offered } : { '200': offered - failed, '502': failed },
    cause: failed === 0 ? {} : { connection_refused: failed },
    latencyMs: { p50: 58 + (at % 5), p95: 180, p99: 260 + 10 * (at % 7) },
    amplification: 1 + failed / Math.max(1, offered),
    gatewayQueued: 0,
    gateways: [{ id: 'gateway-1', up: true }],
    dependencies: [{ id: 'store', state: 'up' }],
    atWork: [...(leaking > 0 ? [LEAK] : []), ...atWork],
    workers: Array.from({ length: workers }, (_, index) => {
      const isSick = index === 1 && leaking > 0;
      const up = !(isSick && isDead);
      return {
        id: `worker-${index + 1}`,
        up,
        active: true,
        drained: false,
        heapBytes: up ? (isSick ? heap : (10 + ((at + index * 3) % 6)) * 1024 ** 2) : null,
        busy: up ? (at + index) % 5 : null,
        queued: up ? (isSick ? leaking : 0) : null,
        exits: up ? 0 : 1,
        configVersion: 1,
        faults: isSick ? ['leak'] : [],
        healthy: up,
        ejected: false,
        circuit: index === 2 ? 'closed' : null,
        inFlight: up ? (at + index) % 5 : 0,
      };
    }),
  };
};

const FRONT = [{ id: 'gateway-1', tier: 'gateway', up: true, host: '127.0.0.1', adminPort: 1, overlay: {} }];

/** What a small world can be told, but for a link and a certificate. */
const ACTIONS = actionForms({
  scope: {
    workers: ['worker-1', 'worker-2', 'worker-3', 'worker-4'],
    dependencies: { store: 'database' },
    named: true,
    gateway: {},
  },
  links: null,
  front: () => FRONT as never,
});

const SCENARIOS: readonly ScenarioAnswer[] = [
  {
    name: 'overload-flash-crowd',
    title: 'A flash crowd that never ends',
    reproduces: ['seed-000'],
    variants: ['as-it-happened', 'concurrency-limit'],
    realTimeMs: 60_000,
    engines: ['real', 'virtual'],
  },
];

export interface FakeOrder {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? null : (JSON.parse(text) as unknown);
};

export class FakeLab {
  readonly orders: FakeOrder[] = [];
  /** Whether it says that it asks for a token; it does not. */
  isGuarded = false;
  /** What is wrong with the next order; `null`: nothing. */
  refusal: string | null = null;
  config: Record<string, unknown> = { balancer: 'round-robin', healthCheck: { interval: '1s' } };
  #version = 1;
  readonly #told: FeedMessage[] = [];
  readonly #readers = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Tells everybody, and whoever comes later. */
  tell(...messages: readonly FeedMessage[]): void {
    for (const message of messages) {
      if (message.type === 'begin' || message.type === 'idle') this.#told.length = 0;
      this.#told.push(message);
      for (const reader of this.#readers) this.#write(reader, message);
    }
  }

  happened(...events: readonly FeedEvent[]): void {
    this.tell({ type: 'happened', events });
  }

  /** Breaks off every stream. */
  breakOff(): void {
    for (const reader of this.#readers) reader.destroy();
    this.#readers.clear();
  }

  async stop(): Promise<void> {
    this.breakOff();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #write(reader: ServerResponse, message: FeedMessage): void {
    reader.write(`event: ${message.type}\ndata: ${JSON.stringify(message)}\n\n`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://lab');
    if (pathname === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(
        renderPage({
          title: 'badgateway lab',
          source: { kind: 'live', feed: 'feed', api: 'api/', isGuarded: this.isGuarded },
        }),
      );
      return;
    }
    if (pathname === '/feed') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('retry: 300\n\n');
      for (const message of this.#told) this.#write(response, message);
      this.#readers.add(response);
      response.on('close', () => this.#readers.delete(response));
      return;
    }
    const answer = await this.#api(request, pathname.slice('/api/'.length));
    const status = answer === null ? 404 : this.refusal === null || request.method === 'GET' ? 200 : 422;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 422 ? { detail: this.refusal } : answer));
  }

  async #api(request: IncomingMessage, path: string): Promise<unknown> {
    const body = await bodyOf(request);
    if (request.method !== 'GET') {
      this.orders.push({ method: request.method ?? '', path, body });
      if (path === 'gateway/config' && this.refusal === null) {
        this.config = (body as { config: Record<string, unknown> }).config;
        this.#version += 1;
      }
      return {};
    }
    switch (path) {
      case 'catalog':
        return makeCatalog();
      case 'actions':
        return ACTIONS;
      case 'scenarios':
        return SCENARIOS;
      case 'load':
        return { rateRps: 60 };
      case 'config':
        return { version: 1, locked: false, config: {} };
      case 'gateway/config':
        return { version: this.#version, locked: false, config: this.config };
      default:
        return null;
    }
  }
}
