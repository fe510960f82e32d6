/**
 * Connections that go on with another protocol (RFC 9110 section 7.8), which today is WebSocket (RFC 6455). The request
 * goes through the same pipeline as any other; after the upstream's 101 the two connections are tied together, and what
 * the request holds is held until both have ended.
 *
 * Node lets go of the connection before it tells of the upgrade: what it does for others, such as to notice that a
 * client has left or takes more again, is done here.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { IdleWatch, type Moving } from '../../policies/idle-watch.js';
import type { Call, Headers, ProxyResponse } from '../../policies/service.js';
import type { ForwardedConfig } from '../config/listener.js';
import type { RunningVersion } from '../generations.js';
import { prepareRequestHeaders, relayedHeaders, withoutConnectionFields } from '../headers.js';
import type { Begun, Door } from './door.js';
import { originForm } from './request-checks.js';

/** Two connections tied together. */
class Tunnel implements Moving {
  readonly client: Socket;
  readonly upstream: Duplex;

  constructor(client: Socket, upstream: Duplex) {
    this.client = client;
    this.upstream = upstream;
  }

  get progress(): number {
    return this.client.bytesRead + this.client.bytesWritten;
  }

  /** Both end when one of them does; a half-closed one may still say the rest. */
  tie(head: Buffer): void {
    const { client, upstream } = this;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const side of [client, upstream]) side.on('error', end).on('close', end);
    if (head.length > 0) upstream.write(head);
    client.pipe(upstream);
    upstream.pipe(client);
  }

  cut(): void {
    this.client.destroy();
  }
}

export interface UpgradeParts {
  readonly door: Door;
  readonly clock: Clock;
  readonly forwarded: ForwardedConfig;
  readonly answered: (status: number) => void;
}

const headOf = (response: ProxyResponse, call: Call): string => {
  const flat = relayedHeaders(response.headers, call.rayId, call.tried.at(-1) ?? '');
  const lines = [`HTTP/1.1 101 Switching Protocols`, 'connection: upgrade', 'upgrade: websocket'];
  for (let index = 0; index < flat.length; index += 2) lines.push(`${flat[index]}: ${flat[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};

/** The answer whose turn it is on a connection. */
const answering = (client: Socket): ServerResponse | null | undefined =>
  (client as Socket & { _httpMessage?: ServerResponse | null })._httpMessage;

/** What came before on the connection has its answers first, and then it ends. */
const endAfterAnswers = (client: Socket): void => {
  const answer = answering(client);
  if (!answer) {
    client.destroySoon();
    return;
  }
  answer.shouldKeepAlive = false;
  answer.once('finish', () => endAfterAnswers(client));
};

/** @returns the listener of a server's `upgrade` event. */
export const upgrades = ({ door, clock, forwarded, answered }: UpgradeParts) => {
  /** By the version of the config, whose idle time they have. */
  const tunnels = new WeakMap<RunningVersion, IdleWatch<Tunnel>>();

  const watchOf = (version: RunningVersion): IdleWatch<Tunnel> => {
    let watch = tunnels.get(version);
    if (watch === undefined) {
      watch = new IdleWatch<Tunnel>(version.config.bodyTimeoutMs, clock, (tunnel) => tunnel.cut());
      tunnels.set(version, watch);
    }
    return watch;
  };

  const tie = (response: ProxyResponse, client: Socket, head: Buffer, { call, version }: Begun): void => {
    const tunnel = new Tunnel(client, response.connection!);
    client.write(headOf(response, call), 'latin1');
    const watch = watchOf(version);
    const watched = watch.add(tunnel);
    response.onEnd(() => watched.end());
    tunnel.tie(head);
    answered(response.statusCode);
  };

  return (raw: IncomingMessage, client: Socket, head: Buffer): void => {
    client.on('error', () => client.destroy());
    client.on('drain', () => answering(client)?.emit('drain'));
    if (answering(client)) {
      // Only who reads a connection sees it end.
      client.on('end', () => client.destroy()).resume();
      endAfterAnswers(client);
      return;
    }
    const answer = new ServerResponse(raw);
    answer.shouldKeepAlive = false;
    answer.assignSocket(client);
    answer.on('finish', () => client.destroySoon());
    const begun = door.begin(raw, answer);
    if (begun === null) return;
    const { call, version } = begun;
    client.on('close', () => call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT')));
    const path = originForm(raw.url!);
    if (path === null) {
      door.fail(answer, new GatewayError('BGW_ERR_BAD_REQUEST', `${raw.url} is no path`), begun);
      return;
    }
    const own = withoutConnectionFields({ ...raw.headers } as Headers);
    const headers = prepareRequestHeaders(raw, own, call.rayId, forwarded);
    version.live.handle({ method: 'GET', path, headers, body: null, upgrade: 'websocket' }, call).then(
      (response) => {
        if (response.connection === undefined) door.answer(response, answer, begun);
        else if (client.destroyed) response.destroy();
        else {
          answer.detachSocket(client);
          answer.statusCode = response.statusCode;
          // What the answer would have been told is the end of the request.
          client.on('close', () => answer.emit('close'));
          tie(response, client, head, begun);
        }
      },
      (error) => door.fail(answer, error, begun),
    );
  };
};
