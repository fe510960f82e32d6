/** The `gateway.listener` section: how clients reach the gateway, and how much and how slowly they may send. */
import { Count, Duration, OneOf, Optional, Section, Size, type Static, Type } from '../../core/schema.js';
import { parseDurationMsOr, parseSizeBytesOr } from '../../core/units.js';

export const TlsSchema = Section(
  {
    certificate: Type.String({ minLength: 1, description: 'File of the certificate chain, PEM.' }),
    key: Type.String({ minLength: 1, description: 'File of the private key, PEM.' }),
    reload: Optional(Duration('How often the files are looked at for a new certificate; default 5s.')),
  },
  'HTTPS. With it clients may speak HTTP/2 too, by ALPN.',
);

export const ListenerSchema = Section(
  {
    tls: Optional(TlsSchema),
    http2: Optional(Type.Boolean({ description: 'Offer HTTP/2 to clients over TLS; default true.' })),
    maxHeaders: Optional(
      Size(
        'Header fields and request line together; default 16KiB. More: 431; over HTTP/2 the stream is reset.',
      ),
    ),
    maxUrl: Optional(Size('The address alone; default 8KiB. More: 414.')),
    maxBody: Optional(Size('A request body; default 1GiB. More: 413.')),
    headerTimeout: Optional(
      Duration(
        'Until the whole header has arrived; default 10s. Later: 408. Also for an idle new connection and for the TLS handshake.',
      ),
    ),
    bodyTimeout: Optional(Duration('How long a request body may stand still; default 30s. Longer: 408.')),
    sendTimeout: Optional(Duration('How long a client may take nothing of its answer; default 60s.')),
    keepAlive: Optional(Duration('How long an idle connection is kept; default 75s.')),
    forwarded: Optional(
      OneOf(
        ['x-forwarded', 'forwarded', 'both'],
        'Fields that tell upstreams of the client: X-Forwarded-*, Forwarded (RFC 7239) or both; default x-forwarded.',
      ),
    ),
    trustForwarded: Optional(
      Type.Boolean({
        description:
          'Whether what clients say in these fields is kept and added to; default true. False at the edge of a network.',
      }),
    ),
    trustedEdges: Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description:
          'Addresses and networks of edges before this gateway, such as 10.0.0.0/8: the Ray ID and the address of the client that they send on are taken over, in error pages, events and traces. Limits and rules go by who connects. Default none; in a run with an edge, that edge.',
      }),
    ),
    maxConnections: Optional(
      Count(1, 'Connections of clients at once; default 20000. More are closed without an answer.'),
    ),
  },
  'The side of the clients.',
);

export interface TlsConfig {
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly reloadMs: number;
}

export interface ForwardedConfig {
  readonly fields: 'x-forwarded' | 'forwarded' | 'both';
  /** Whether a client's own fields are kept. */
  readonly trust: boolean;
}

export interface ListenerConfig {
  /** `null`: plain HTTP/1.1. */
  readonly tls: TlsConfig | null;
  readonly http2: boolean;
  readonly maxHeaderBytes: number;
  readonly maxUrlBytes: number;
  readonly maxBodyBytes: number;
  readonly headerTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly forwarded: ForwardedConfig;
  /** Addresses and networks; empty: nobody is an edge. */
  readonly trustedEdges: readonly string[];
  readonly maxConnections: number;
}

/**
 * Fills in the defaults: headers as Node and HAProxy take them (16 KiB), an address as nginx does (8 KiB), idle
 * connections as nginx keeps them (75 s, longer than most balancers in front). Header and body times are shorter than
 * nginx's 60 s, because each slow client holds a connection for as long; reading an answer may stall for nginx's 60 s. A
 * body is bounded so that no client can send for ever; 1 GiB is more than any API takes and passes through unbuffered.
 */
export const resolveListener = (section: Static<typeof ListenerSchema> = {}): ListenerConfig => ({
  tls: section.tls === undefined ? null : resolveTls(section.tls),
  http2: section.http2 ?? true,
  maxHeaderBytes: parseSizeBytesOr(section.maxHeaders, 16 * 1024),
  maxUrlBytes: parseSizeBytesOr(section.maxUrl, 8 * 1024),
  maxBodyBytes: parseSizeBytesOr(section.maxBody, 1024 ** 3),
  headerTimeoutMs: parseDurationMsOr(section.headerTimeout, 10_000),
  bodyTimeoutMs: parseDurationMsOr(section.bodyTimeout, 30_000),
  sendTimeoutMs: parseDurationMsOr(section.sendTimeout, 60_000),
  keepAliveMs: parseDurationMsOr(section.keepAlive, 75_000),
  forwarded: { fields: section.forwarded ?? 'x-forwarded', trust: section.trustForwarded ?? true },
  trustedEdges: section.trustedEdges ?? [],
  maxConnections: section.maxConnections ?? 20_000,
});

const resolveTls = (section: Static<typeof TlsSchema>): TlsConfig => ({
  certificatePath: section.certificate,
  keyPath: section.key,
  reloadMs: parseDurationMsOr(section.reload, 5_000),
});
