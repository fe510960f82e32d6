/** A gateway in this process, in front of whatever a test makes, and a plain client for it. */
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { Random } from '../../src/core/random.js';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { buildGateway, type Gateway } from '../../src/gateway/server.js';

export interface TestGateway {
  readonly port: number;
  readonly gateway: Gateway;
  readonly events: readonly Event[];
  /** Resolves with the first event of that type, past or to come. */
  seen<Type extends Event['type']>(type: Type): Promise<Extract<Event, { type: Type }>>;
}

/** @param ports of the upstreams, which are called upstream-1, upstream-2, … */
export const startGateway = async (
  ports: readonly number[],
  section: GatewaySection = { healthCheck: 'off' },
  host = '127.0.0.1',
): Promise<TestGateway> => {
  const events: Event[] = [];
  const stream = new EventStream(wallClock.nowMs);
  stream.subscribe((event) => events.push(event));
  const gateway = buildGateway({
    config: resolveGatewayConfig(section),
    upstreams: ports.map((port, index) => ({ id: `upstream-${index + 1}`, host, port })),
    clock: wallClock,
    random: new Random(7),
    onEvent: (event) => stream.publish(event),
  });
  const port = await gateway.listen('127.0.0.1', 0);
  onTestFinished(() => gateway.close());
  const seen: TestGateway['seen'] = (type) =>
    new Promise((resolve) => {
      const wanted = (event: Event): boolean => {
        if (event.type !== type) return false;
        resolve(event as Extract<Event, { type: typeof type }>);
        return true;
      };
      if (!events.some(wanted)) {
        const off = stream.subscribe((event) => {
          if (wanted(event)) off();
        });
      }
    });
  return { port, gateway, events, seen };
};

export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether the body came to a proper end. */
  readonly complete: boolean;
}

/** One request on a connection of its own. */
export const ask = (
  port: number,
  options: RequestOptions = {},
  body?: string | Buffer,
): Promise<ClientAnswer> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path: '/', agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      const finish = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
          complete: response.complete,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('close', finish);
      response.on('error', () => {});
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
