/**
 * What clients of nginx 1.22, HAProxy 2.6 and Caddy 2.6 get for each upstream fault, with one upstream, as it was measured
 * with their own defaults and short timeouts. Where a GET and a POST differ, there are two; `cut`: broken off after its
 * header; `raw`: bytes that are no HTTP; `none`: not a byte, until the client gave up or the connection ended; `a|b`: either,
 * by which of two things comes first.
 */
import type { FaultId } from './faults.js';
import type { Method } from './observe.js';

/** Of a GET and of a POST. */
type Cell = string | readonly [get: string, post: string];

export interface ProxyRow {
  readonly nginx: Cell;
  readonly haproxy: Cell;
  readonly caddy: Cell;
}

export type MeasuredProxy = keyof ProxyRow;

export const cellOf = (row: ProxyRow, proxy: MeasuredProxy, method: Method): string => {
  const cell = row[proxy];
  return typeof cell === 'string' ? cell : method === 'GET' ? cell[0] : cell[1];
};

const row = (nginx: Cell, haproxy: Cell, caddy: Cell): ProxyRow => ({ nginx, haproxy, caddy });

export const PROXY_EXPECTATIONS: Readonly<Partial<Record<FaultId, ProxyRow>>> = {
  none: row('200', '200', '200'),
  refused: row('502', '503', '502'),
  'never-accepts': row('504', '503', '502'),
  stopped: row('504', '504', '504'),
  'accept-rst': row('502', '502', '502'),
  'accept-close': row('502', '502', '502'),
  'accept-fin': row('502', '502', '502'),
  'read-close': row('502', '502', '502'),
  'read-rst': row('502', '502', '502'),
  hang: row('504', '504', '504'),
  // Whether HAProxy can still write to a client that it has not let finish.
  'no-read-body': row('504', ['504', 'none|504'], ['504', '502|504']),
  'early-200-close': row('200', '200', '200'),
  'early-200-hold': row('200', '200', '200'),
  'rst-mid-headers': row('502', '502', '502'),
  'fin-mid-headers': row('502', '502', '502'),
  'stall-mid-headers': row('504', '504', '504'),
  'ka-race-fin': row(['200', '502'], 'none', ['200', '502']),
  'ka-race-rst': row(['200', '502'], 'none', ['200', '502']),
  'ka-idle-closed': row('200', '200', '200'),
  'status-abc': row('raw', '502', '502'),
  'status-noreason': row('200', '200', '200'),
  // Below 100 it is no status, and what both pass on no HTTP.
  'status-099': row('raw', 'raw', 'none'),
  'status-600': row('600', '600', '600'),
  'status-999': row('999', '999', '999'),
  'garbage-fin': row('raw', '502', '502'),
  http09: row('raw', '502', '502'),
  'hdr-8k': row('502', '200', '200'),
  'hdr-64k': row('502', '502', '200'),
  'hdr-1m': row('502', '502', '200'),
  'hdr-200': row('200', '502', '200'),
  'hdr-name-space': row('502', '502', '200'),
  'hdr-ctl': row('200', '200', '200'),
  'hdr-obsfold': row('502', '200', '200'),
  'hdr-bare-lf': row('200', '200', '200'),
  // nginx takes an interim answer for the answer and what follows for its body: a client that reads on finds the 200 in it.
  'inf-100': row('200', '200', '200'),
  'inf-101': row('101 cut', '502', '200'),
  'inf-103': row('200', '200', '200'),
  'inf-103-close': row('none', '502', '502'),
  'own-500': row('500', '500', '500'),
  'own-502': row('502', '502', '502'),
  'own-503': row('503', '503', '503'),
  'own-503-ra': row('503', '503', '503'),
  'own-504': row('504', '504', '504'),
  'own-429': row('429', '429', '429'),
  'own-503-close': row('503', '503', '503'),
  'cl-dup-same': row('200', '200', '200'),
  'cl-and-te': row('200', '200', '200'),
  // nginx reads on until its time is over, since this upstream keeps the connection.
  'cl-abc': row('200 cut', '502', '502'),
  'cl-negative': row('200 cut', '502', '502'),
  'chunk-bad-later': row('200 cut', '200 cut', '200'),
  'trunc-cl-fin': row('200 cut', '200 cut', '200 cut'),
  'trunc-cl-rst': row('200 cut', '200 cut', '200 cut'),
  'trunc-clbig-fin': row('200 cut', '200 cut', '200 cut'),
  'trunc-clbig-rst': row('200 cut', '200 cut', '200 cut'),
  'trunc-chunk-fin': row('200 cut', '200 cut', '200'),
  'trunc-chunk-mid': row('200 cut', '200 cut', '200'),
  'noframe-fin': row('200', '200', '200'),
  'stall-no-body': row('200 cut', '200 cut', '200 cut'),
  'stall-mid-body': row('200 cut', '200 cut', '200 cut'),
  'stall-chunked': row('200 cut', '200 cut', '200'),
  'trickle-body': row('200', '200', '200'),
  b204: row('204', '204', '204'),
};
