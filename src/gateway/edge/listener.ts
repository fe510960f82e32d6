/**
 * The server that clients connect to: HTTP/1.1, or TLS with HTTP/1.1 and HTTP/2 on one port, chosen by ALPN.
 *
 * Node's parser is strict by default, and stays so: conflicting lengths, a transfer coding it does not know, a bare CR or
 * LF and folded lines are refused with 400 and the connection is closed (RFC 9112 sections 6.1 and 11.2). What Node
 * drops in silence is switched off: it takes any number of fields that fits the header's size.
 */
import { readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Clock, Timer } from '../../core/clock.js';
import { UserError } from '../../core/errors.js';
import type { Emit } from '../../core/events.js';
import { IdleWatch, type Moving } from '../../policies/idle-watch.js';
import type { ListenerConfig, TlsConfig } from '../config/listener.js';
import { Incoming } from './incoming.js';
import { LINGER_MS } from './linger.js';

/** Node's own 511 is filled by a thousand clients that connect at once; the kernel caps it with its own limit. */
export const BACKLOG = 4_096;

/** How exactly header times are kept: a tenth of the time, so that late is late by a tenth at most. */
const CHECKS_PER_TIMEOUT = 10;

/**
 * Requests of one connection of HTTP/2 at once, as in nginx. More wait on the client's side. RFC 9113 section 6.5.2 asks
 * for no fewer than 100, so that a page's parts need not wait for each other.
 */
const MAX_CONCURRENT_STREAMS = 128;

export interface Listener {
  readonly server: Server | Http2SecureServer;
  /** Takes no more connections, and ends those there are at once. */
  close(): void;
}

interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws UserError when the files cannot be read or do not belong together. */
const readCertificate = ({ certificatePath, keyPath }: TlsConfig): Certificate => {
  try {
    const certificate = { cert: readFileSync(certificatePath), key: readFileSync(keyPath) };
    // Checks that key and certificate belong together, before a server takes them.
    createSecureContext(certificate);
    return certificate;
  } catch (cause) {
    const { message } = cause as Error;
    throw new UserError(
      'couldNotStart',
      `the certificate ${certificatePath} with the key ${keyPath} cannot be used: ${message}`,
      { cause },
    );
  }
};

/** Changes when a file does; a file that is just being replaced counts as changed. */
const stampOf = ({ certificatePath, keyPath }: TlsConfig): string =>
  [certificatePath, keyPath]
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((stat) => (stat === undefined ? 'gone' : `${stat.mtimeMs}/${stat.size}/${stat.ino}`))
    .join(' ');

export interface ListenerParts {
  readonly config: ListenerConfig;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Options that Node wants partly when a server is made and partly on the server. */
const optionsOf = (config: ListenerConfig) => ({
  maxHeaderSize: config.maxHeaderBytes,
  headersTimeout: config.headerTimeoutMs,
  connectionsCheckingInterval: Math.max(50, config.headerTimeoutMs / CHECKS_PER_TIMEOUT),
  // A body's time is kept while it moves (`client-body.ts`); a whole upload may take as long as it takes.
  requestTimeout: 0,
  keepAliveTimeout: config.keepAliveMs,
  insecureHTTPParser: false,
  // Node's own refusal carries no Ray ID; `request-checks.ts` refuses it.
  requireHostHeader: false,
});

const createServerOf = (handler: RequestListener, config: ListenerConfig): Server | Http2SecureServer => {
  const options = { ...optionsOf(config), IncomingMessage: Incoming };
  if (config.tls === null) return createServer(options, handler);
  // A connection that does not get as far as HTTP has no more time than one that does.
  const secure = { ...options, ...readCertificate(config.tls), handshakeTimeout: config.headerTimeoutMs };
  // The server of HTTP/2 offers it to every client, whatever it is told of ALPN.
  if (!config.http2) return createHttpsServer(secure, handler);
  const server = createSecureServer({
    ...secure,
    allowHTTP1: true,
    Http1IncomingMessage: Incoming,
    settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS, maxHeaderListSize: config.maxHeaderBytes },
  });
  return server.on('request', handler as () => void);
};

/** A connection of HTTP/2, and whether anything goes on there. */
class Session implements Moving {
  readonly session: ServerHttp2Session;
  #open = 0;
  #seen = 0;

  constructor(session: ServerHttp2Session) {
    this.session = session;
    session.on('stream', (stream) => {
      this.#open++;
      this.#seen++;
      stream.on('close', () => this.#open--);
    });
  }

  /** Requests under way have times of their own; pings alone are no reason to stay. */
  get progress(): number | null {
    return this.#open > 0 ? null : this.#seen;
  }
}

/** Ends connections of HTTP/2 without requests, which Node keeps for ever. */
const watchSessions = (server: Http2SecureServer, { config, clock }: ListenerParts): void => {
  const idle = new IdleWatch<Session>(config.keepAliveMs, clock, ({ session }) => {
    session.close();
    const timer = clock.after(LINGER_MS, () => session.destroy());
    session.on('close', () => timer.cancel());
  });
  server.on('session', (session) => {
    const watched = new Session(session);
    const watching = idle.add(watched);
    session.on('close', () => watching.end());
  });
};

export const createListener = (handler: RequestListener, parts: ListenerParts): Listener => {
  const { config } = parts;
  const connections = new Set<Socket>();
  const server = createServerOf(handler, config);
  // RFC 9110 section 10.1.1: an expectation we do not know may be ignored.
  server.on('checkExpectation', handler as () => void);
  // Whoever lets a request in asks for its body.
  server.on('checkContinue', handler as () => void);
  const { maxConnections } = config;
  Object.assign(server, { maxHeadersCount: 0, maxConnections, ...optionsOf(config) });
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  if (config.tls !== null && config.http2) watchSessions(server as Http2SecureServer, parts);
  const renewal = config.tls && renewCertificate(server as Http2SecureServer, config.tls, parts);
  return {
    server,
    close: () => {
      renewal?.cancel();
      // Before the connections, or a client whose connection was ended would be back on a new one.
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
};

/** New connections get the new certificate, those that are open keep theirs, and a bad one changes nothing. */
const renewCertificate = (
  server: Pick<Http2SecureServer, 'setSecureContext'>,
  tls: TlsConfig,
  { clock, emit }: ListenerParts,
): Timer => {
  let stamp = stampOf(tls);
  return clock.every(tls.reloadMs, () => {
    const now = stampOf(tls);
    if (now === stamp) return;
    stamp = now;
    try {
      server.setSecureContext(readCertificate(tls));
      emit('certificate.reloaded', { certificate: tls.certificatePath });
    } catch (error) {
      // The certificate in use stays.
      emit('certificate.refused', { certificate: tls.certificatePath, reason: (error as Error).message });
    }
  });
};
