/** The gateway on several processes, as its parent sees it. */
import { onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { Reaper } from '../../src/core/reaper.js';
import type { GatewayConfig } from '../../src/gateway/config.js';
import { GatewayChild, type GatewayChildOptions } from '../../src/gateway/gateway-child.js';
import type { GatewayArgument } from '../../src/gateway/messages.js';
import { ask } from './gateway.js';

export interface GatewayGroup {
  readonly child: GatewayChild;
  readonly port: number;
  readonly adminPort: number;
  /** Of the processes that serve, by number. */
  readonly pids: ReadonlyMap<number, number>;
  /** Resolves with the next event of that type from now on, of that upstream where one is named. */
  next<Type extends Event['type']>(type: Type, upstream?: string): Promise<Extract<Event, { type: Type }>>;
  admin<Answer>(path: string): Promise<Answer>;
  /** The value of one line of the metrics. */
  metric(line: string): Promise<number>;
  stop(): Promise<void>;
}

export const startGatewayGroup = async (
  ports: readonly number[],
  config: GatewayConfig,
  more: Partial<Pick<GatewayArgument, 'drained' | 'history'>> & Pick<GatewayChildOptions, 'onSettled'> = {},
): Promise<GatewayGroup> => {
  const { onSettled, ...argument } = more;
  const reaper = new Reaper();
  const stream = new EventStream(wallClock.nowMs);
  const pids = new Map<number, number>();
  stream.subscribe((event) => {
    if (event.type === 'gateway.process-started') pids.set(event.process, event.pid);
  });
  const next: GatewayGroup['next'] = (type, upstream) =>
    new Promise((resolve) => {
      const off = stream.subscribe((event) => {
        if (event.type !== type) return;
        if (upstream !== undefined && (event as { upstream?: string }).upstream !== upstream) return;
        off();
        resolve(event as Extract<Event, { type: typeof type }>);
      });
    });
  const child = new GatewayChild({
    argument: {
      config,
      upstreams: ports.map((port, index) => ({ id: `upstream-${index + 1}`, host: '127.0.0.1', port })),
      ...argument,
      host: '127.0.0.1',
      port: 0,
      adminPort: 0,
      seed: 7,
    },
    reaper,
    ...(onSettled && { onSettled }),
    onReport: ({ events }) => {
      for (const event of events) stream.publish(event);
    },
  });
  const stop = async (): Promise<void> => {
    await child.stop(1_000);
    await reaper.stop();
  };
  onTestFinished(stop);
  const { port, adminPort } = await child.ready;
  return {
    child,
    port,
    adminPort,
    pids,
    next,
    stop,
    admin: async (path) => JSON.parse((await ask(adminPort, { path })).body),
    metric: async (line) => {
      const { body } = await ask(adminPort, { path: '/metrics' });
      return Number(
        body
          .split('\n')
          .find((text) => text.startsWith(`badgateway_${line} `))
          ?.split(' ')
          .at(-1),
      );
    },
  };
};
