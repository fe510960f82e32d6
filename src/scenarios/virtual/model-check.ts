/** Health checks in virtual time, by whoever makes them: on a connection of their own, as over sockets. */
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../../core/clock.js';
import type { AnswerSink } from '../../core/memory-http.js';
import type { Check } from '../../gateway/health-check.js';
import { addressOf, type Connection, type Network } from './network.js';

export interface CheckOver {
  readonly network: Network;
  /** Of who asks. */
  readonly clock: Clock;
  /** Whether over TLS. A check of the connection alone is not. */
  readonly secure: boolean;
}

interface Checked {
  readonly host: string;
  readonly port: number;
  /** `null`: the connection is all that is asked for. */
  readonly path: string | null;
  readonly timeoutMs: number;
  /** Of a host that has a name. */
  readonly lookup?: LookupFunction | undefined;
}

type Finish = (problem: string | null) => void;

const CLOSED = 'ECONNRESET';

/** Asks on a connection that has come about. @returns what gives it up. */
const askOn = (
  connection: Connection,
  { network, clock }: CheckOver,
  asked: Checked,
  finish: Finish,
): (() => void) => {
  const { latencyMs } = network;
  let over = false;
  const end: Finish = (problem) => {
    if (over) return;
    over = true;
    clock.after(latencyMs, () => finish(problem));
  };
  const sink: AnswerSink = {
    began: (status) => end(status >= 200 && status < 400 ? null : `answered ${status}`),
    ended: () => {},
    broke: () => end(CLOSED),
    sentRaw: () => end('HPE_INVALID'),
  };
  network.clock.after(latencyMs, () => {
    if (over) return;
    const request = { method: 'GET', url: asked.path!, headers: { host: addressOf(asked) } };
    if (!connection.deliver(request, '127.0.0.1', sink)) end(CLOSED);
  });
  return () => {
    over = true;
    connection.close();
  };
};

/** @returns `null` when good, else what was wrong. */
export const askOver = (over: CheckOver, asked: Checked): Promise<string | null> =>
  new Promise((resolve) => {
    const { network, clock, secure } = over;
    const { path, timeoutMs, lookup } = asked;
    let leave = (): void => {};
    let ended = false;
    const finish: Finish = (problem) => {
      if (ended) return;
      ended = true;
      timer.cancel();
      leave();
      resolve(problem);
    };
    const timer = clock.after(timeoutMs, () =>
      finish(path === null ? `no connection within ${timeoutMs}ms` : `no answer within ${timeoutMs}ms`),
    );
    const dial = (host: string): void => {
      if (ended) return;
      const dialling = network.dial(addressOf({ host, port: asked.port }), {
        ...{ clock, timeoutMs: null, secure: secure && path !== null },
        connected: (connection) => {
          leave = path === null ? () => connection.close() : askOn(connection, over, asked, finish);
          if (path === null) finish(null);
        },
        // The kernel takes a connection that is reset: who asks for no more than that sees nothing.
        failed: ({ code = '' }) => finish(path === null && code === CLOSED ? null : code),
      });
      leave = () => dialling.cancel();
    };
    if (lookup === undefined || isIP(asked.host) !== 0) dial(asked.host);
    else {
      lookup(asked.host, {}, (error, address) => {
        if (error === null) dial(String(address));
        else finish(error.code ?? error.message);
      });
    }
  });

export const checkOver =
  (over: CheckOver): Check =>
  ({ host, port }, { type, path, timeoutMs }, { lookup }) =>
    askOver(over, { host, port, path: type === 'tcp' ? null : path, timeoutMs, lookup });
