/** Health checks in virtual time, by whoever makes them: on a connection of their own, as over sockets. */
import type { Clock } from '../../core/clock.js';
import { MemoryExchange } from '../../core/memory-http.js';
import type { Check } from '../../gateway/health-check.js';
import { addressOf, CONNECT_TRIPS, type Network } from './network.js';

export interface CheckOver {
  readonly network: Network;
  /** Of who asks. */
  readonly clock: Clock;
}

/**
 * @param path `null`: the connection is all that is asked for.
 * @returns `null` when good, else what was wrong.
 */
export const askOver = (
  { network, clock }: CheckOver,
  address: string,
  path: string | null,
  timeoutMs: number,
): Promise<string | null> =>
  new Promise((resolve) => {
    const { latencyMs } = network;
    let leave = (): void => {};
    const timer = clock.after(timeoutMs, () => {
      resolve(path === null ? `no connection within ${timeoutMs}ms` : `no answer within ${timeoutMs}ms`);
      leave();
    });
    const finish = (problem: string | null): void => {
      timer.cancel();
      clock.after(latencyMs, () => resolve(problem));
    };
    network.clock.after(latencyMs, () => {
      const reachability = network.at(address)?.reachability ?? 'refused';
      if (reachability === 'refused') finish('ECONNREFUSED');
      // The kernel takes it: who asks for no more than that sees nothing.
      else if (reachability === 'reset') finish(path === null ? null : 'ECONNRESET');
      else if (reachability === 'open' && path === null) finish(null);
      else if (reachability === 'open') network.clock.after(2 * CONNECT_TRIPS * latencyMs, ask);
    });
    const ask = (): void => {
      const host = network.at(address);
      if (host === null || host.reachability !== 'open') {
        finish('ECONNRESET');
        return;
      }
      let statusCode = 0;
      const asked = { method: 'GET', url: path!, headers: { host: address } };
      const exchange = new MemoryExchange(asked, '127.0.0.1', {
        began: (status) => {
          statusCode = status;
          finish(statusCode >= 200 && statusCode < 400 ? null : `answered ${statusCode}`);
        },
        ended: () => {},
        broke: () => {
          if (statusCode === 0) finish('ECONNRESET');
        },
        sentRaw: () => finish('HPE_INVALID'),
      });
      leave = () => exchange.leave();
      host.serve(exchange);
    };
  });

export const checkOver =
  (over: CheckOver): Check =>
  (upstream, { type, path, timeoutMs }) =>
    askOver(over, addressOf(upstream), type === 'tcp' ? null : path, timeoutMs);
