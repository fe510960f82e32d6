/**
 * The one listener of a lab, or of a run that is watched: the page, the stream at `/feed`, and the API under `/api/`. On
 * loopback, unless somebody gives an address and a token.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { UserError } from '../../core/errors.js';
import { isSameText } from '../../core/same-text.js';
import type { Channel } from './channel.js';
import { serveStream } from './event-stream.js';
import { refusalOf, TOKEN_COOKIE } from './guard.js';

/** Takes a request whose address begins with what stands after `/api`. */
export type HandleApi = (request: IncomingMessage, response: ServerResponse) => void;

export interface LiveServerParts {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** `null`: loopback is trusted. */
  readonly token: string | null;
  readonly channel: Channel;
  readonly clock: Clock;
  /** The whole page. */
  readonly page: () => string;
  readonly api: HandleApi;
}

export interface LiveServer {
  /** Such as `http://127.0.0.1:8088`. */
  readonly address: string;
  /** Takes nothing more. @param graceMs what was said already may take so long to arrive. */
  close(graceMs: number): Promise<void>;
}

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Nobody is to lay the controls under a page of his own.
  'x-frame-options': 'DENY',
  'content-security-policy': "frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const refuse = (response: ServerResponse, status: number, detail: string): void => {
  const body = JSON.stringify({ type: 'about:blank', status, title: 'Not allowed', detail });
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' });
  response.end(`${body}\n`);
};

const TOKEN_QUERY = /^\/\?token=([^&#]*)$/;

/** The page's own address with the token in it; the browser keeps it from then on. @returns whether it was that. */
const takeToken = (request: IncomingMessage, response: ServerResponse, token: string | null): boolean => {
  const [, given] = TOKEN_QUERY.exec(request.url ?? '') ?? [];
  if (given === undefined || token === null || request.method !== 'GET') return false;
  if (!isSameText(given, encodeURIComponent(token))) return false;
  response.writeHead(303, {
    ...HEADERS,
    location: '/',
    'set-cookie': `${TOKEN_COOKIE}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=/`,
  });
  response.end();
  return true;
};

const answer = (parts: LiveServerParts, request: IncomingMessage, response: ServerResponse): void => {
  const { token, channel, clock, page, api } = parts;
  const { url = '/', method } = request;
  const path = url.split('?', 1)[0] ?? '/';
  if (takeToken(request, response, token)) return;
  const refusal = refusalOf(request, token, path === '/' && method === 'GET');
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (refusal !== null) refuse(response, refusal.status, refusal.detail);
  else if (path.startsWith('/api/')) {
    request.url = url.slice('/api'.length);
    api(request, response);
  } else if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, `${method} means nothing here`);
  else if (path === '/feed') serveStream({ request, response }, channel, clock);
  else if (path !== '/') refuse(response, 404, 'there are /, /feed and /api/');
  else {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(method === 'HEAD' ? undefined : page());
  }
};

/** @throws UserError when it cannot listen. */
export const startLiveServer = async (parts: LiveServerParts): Promise<LiveServer> => {
  const { host, port } = parts;
  const server = createServer((request, response) => answer(parts, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? `port ${port} is taken; give another with --port` : error.message;
      reject(new UserError('couldNotStart', `the lab cannot listen on ${host}: ${why}`));
    });
    server.listen(port, host, resolve);
  });
  const { port: listening } = server.address() as { port: number };
  return {
    address: `http://${isIPv6(host) ? `[${host}]` : host}:${listening}`,
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const late = parts.clock.after(graceMs, () => server.closeAllConnections());
      await closed;
      late.cancel();
    },
  };
};
