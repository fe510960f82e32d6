/** nginx's two logs read together: whose failure each line of the error log is, and what it says. */
import { describe, expect, it } from 'vitest';
import { readEvidence } from '../../../src/scenarios/targets/nginx/evidence.js';

const AT = { time: '2026/03/04 10:20:30', ms: new Date(2026, 2, 4, 10, 20, 30).getTime() };

interface Request {
  readonly ray: string;
  readonly connection?: number;
  readonly status: number;
  readonly path?: string;
  readonly upstream?: string;
  readonly upstreamStatus?: string;
  /** `-`: there was none. */
  readonly header?: string;
  /** After the moment of all of this. */
  readonly endedS?: number;
}

const rayOf = (name: string): string => name.padStart(16, '0');

const entry = (request: Request): string => {
  const {
    ray,
    connection = 7,
    status,
    path = '/',
    upstream = '',
    upstreamStatus = '',
    endedS = 0.5,
  } = request;
  const { header = /^50[24]/.test(upstreamStatus) ? '-' : '0.001' } = request;
  return JSON.stringify({
    ...{
      ray: rayOf(ray),
      connection: String(connection),
      ended: String(AT.ms / 1000 + endedS),
      took: '0.010',
    },
    ...{
      method: 'GET',
      request: `GET ${path} HTTP/1.1`,
      status: String(status),
      upstream,
      upstreamStatus,
      header,
    },
  });
};

interface Complaint {
  readonly connection?: number;
  readonly level?: string;
  readonly path?: string | null;
  readonly upstream?: string;
}

const complaint = (text: string, options: Complaint = {}): string => {
  const { connection = 7, level = 'error', path = '/', upstream } = options;
  const request = path === null ? '' : `, request: "GET ${path} HTTP/1.1"`;
  const from = upstream === undefined ? '' : `, upstream: "http://${upstream}${path}"`;
  return `${AT.time} [${level}] 12#12: *${connection} ${text}, client: 127.0.0.1, server: ${request}${from}, host: "a"`;
};

const evidence = (access: readonly string[], errors: readonly string[], ...rays: readonly string[]) =>
  readEvidence((file) => (file === 'access.log' ? access : errors).join('\n'), new Set(rays.map(rayOf))).map(
    ({ rayId, text }) => [rayId.replace(/^0+/, ''), text],
  );

const A = '127.0.0.1:9001';
const B = '127.0.0.1:9002';
const refused = (options: Complaint = {}): string =>
  complaint('connect() failed (111: Connection refused) while connecting to upstream', {
    upstream: A,
    ...options,
  });

describe('a line of the error log', () => {
  it.each<[string, string]>([
    ['connect() failed (111: Connection refused) while connecting to upstream', 'the connection was refused'],
    [
      'connect() failed (113: No route to host) while connecting to upstream',
      'no connection could be made: No route to host',
    ],
    [
      'upstream timed out (110: Connection timed out) while connecting to upstream',
      'not connected within proxy_connect_timeout',
    ],
    [
      'upstream timed out (110: Connection timed out) while reading response header from upstream',
      'no answer within proxy_read_timeout',
    ],
    [
      'recv() failed (104: Connection reset by peer) while reading response header from upstream',
      'the connection was reset before the answer',
    ],
    [
      'upstream prematurely closed connection while reading response header from upstream',
      'the connection was closed before the answer',
    ],
    [
      'upstream sent too big header while reading response header from upstream',
      'its header does not fit into proxy_buffer_size',
    ],
    [
      'upstream sent no valid HTTP/1.0 header while reading response header from upstream',
      'its answer is not valid HTTP',
    ],
    [
      'upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream',
      'its certificate is not believed: certificate has expired',
    ],
    [
      'upstream SSL certificate does not match "a.test" while SSL handshaking to upstream',
      'its certificate is for another name',
    ],
  ])('%s', (line, text) => {
    const access = [entry({ ray: 'a', status: 502, upstream: A, upstreamStatus: '502' })];
    expect(evidence(access, [complaint(line, { upstream: A })], 'a')).toEqual([['a', `${A}: ${text}`]]);
  });

  it.each<[string, number, string]>([
    [
      'limiting requests, excess: 1.520 by zone "clients"',
      429,
      'refused by limit_req: 1.520 requests too many in zone clients',
    ],
    ['limiting connections by zone "all"', 503, 'refused by limit_conn: no room in zone all'],
    [
      'client intended to send too large body: 100 bytes',
      413,
      'the body is larger than client_max_body_size',
    ],
    [
      'worker_connections are not enough while connecting to upstream',
      500,
      'no connection was free: worker_connections are all in use',
    ],
  ])('%s', (line, status, text) => {
    expect(evidence([entry({ ray: 'a', status })], [complaint(line)], 'a')).toEqual([['a', text]]);
  });

  it('of a name that is not resolved is of the name', () => {
    const access = [entry({ ray: 'a', status: 502, upstream: 'worker-1.test:80', upstreamStatus: '502' })];
    const errors = [complaint('worker-1.test could not be resolved (3: Host not found)')];
    expect(evidence(access, errors, 'a')).toEqual([['a', 'its name has no address: Host not found']]);
  });
});

describe('both logs', () => {
  it('tell each request on a connection what is its own', () => {
    const access = [
      entry({ ray: 'a', status: 200, upstream: B, upstreamStatus: '200' }),
      entry({ ray: 'b', status: 502, upstream: A, upstreamStatus: '502' }),
      entry({ ray: 'c', status: 200, upstream: B, upstreamStatus: '200' }),
      entry({ ray: 'd', status: 504, upstream: A, upstreamStatus: '504' }),
    ];
    const late = complaint(
      'upstream timed out (110: Connection timed out) while reading response header from upstream',
      { upstream: A },
    );
    expect(evidence(access, [refused(), late], 'd', 'b')).toEqual([
      ['b', `${A}: the connection was refused`],
      ['d', `${A}: no answer within proxy_read_timeout`],
    ]);
  });

  it('tell of each attempt, and of the server that was taken out by it', () => {
    const access = [
      entry({ ray: 'a', status: 502, upstream: `${A}, ${B}`, upstreamStatus: '502, 502' }),
      entry({ ray: 'b', status: 502, upstream: 'workers', upstreamStatus: '502' }),
    ];
    const errors = [
      complaint('upstream server temporarily disabled while connecting to upstream', {
        level: 'warn',
        upstream: A,
      }),
      refused(),
      refused({ upstream: B }),
      complaint('no live upstreams while connecting to upstream', { upstream: 'workers' }),
    ];
    expect(evidence(access, errors, 'a', 'b')).toEqual([
      [
        'a',
        `${A}: the connection was refused; ${B}: the connection was refused; ${A}: taken out for fail_timeout: it has failed max_fails times`,
      ],
      ['b', 'workers: no server is left: all are out (max_fails), full (max_conns) or down'],
    ]);
  });

  it('keep apart connections, paths and moments', () => {
    const access = [
      entry({ ray: 'a', status: 502, upstream: A, upstreamStatus: '502', connection: 8 }),
      entry({ ray: 'b', status: 502, upstream: A, upstreamStatus: '502', path: '/other' }),
      entry({ ray: 'c', status: 502, upstream: A, upstreamStatus: '502', endedS: 60 }),
    ];
    const said = `nginx answered 502 after ${A} 502`;
    expect(evidence(access, [refused({ connection: 9 })], 'a', 'b', 'c').map(([, text]) => text)).toEqual([
      ...[said, said, said],
    ]);
  });

  it.each<[Request, string]>([
    [
      { ray: 'a', status: 502, upstream: A, upstreamStatus: '502', header: '0.002' },
      `${A} answered 502 itself`,
    ],
    [{ ray: 'a', status: 503, upstream: A, upstreamStatus: '503' }, `${A} answered 503 itself`],
    [{ ray: 'a', status: 499, upstream: A, upstreamStatus: '-' }, `the client left while ${A} worked for it`],
    [{ ray: 'a', status: 403 }, 'refused by a rule (return 403)'],
    [{ ray: 'a', status: 404 }, 'no location takes it (return 404)'],
    [{ ray: 'a', status: 500 }, 'nginx answered 500 and asked nobody'],
  ])('say what the access log alone tells: %j', (request, text) => {
    expect(evidence([entry(request)], [], 'a')).toEqual([['a', text]]);
  });

  it('are read as far as they were written', () => {
    const whole = entry({ ray: 'a', status: 404 });
    expect(evidence([whole, whole.slice(0, 60)], ['half a li'], 'a')).toEqual([
      ['a', 'no location takes it (return 404)'],
    ]);
    expect(evidence([], [], 'a')).toEqual([]);
  });
});
