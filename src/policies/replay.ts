/**
 * Sending a request more than once: which requests may be, and a body that can be. A body is streamed by default, and
 * what was streamed to an upstream that failed is gone; so small bodies are read into memory first.
 */
import { GatewayError } from '../core/errors.js';
import { wasNeverSent } from './retry-conditions.js';
import type { Call, Layer, ProxyRequest, ProxyResponse } from './service.js';

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** No body, or one that is held whole. */
const isHeld = (body: ProxyRequest['body']): boolean => body === null || body instanceof Uint8Array;

/** Whether the request can be sent twice, and without harm. */
export const isReplayable = (request: ProxyRequest): boolean =>
  IDEMPOTENT.has(request.method) && isHeld(request.body);

/**
 * Whether the request can be sent again after this result: any that is replayable, and any other that has not been sent
 * at all. A streamed body counts as sent, since nobody knows how much of it was read.
 */
export const maySendAgain = (request: ProxyRequest, result: ProxyResponse | GatewayError): boolean =>
  isHeld(request.body) && (IDEMPOTENT.has(request.method) || wasNeverSent(result));

/** Why not, of a request that `maySendAgain` denies. */
export const whyNotAgain = ({ method, body }: ProxyRequest): string =>
  isHeld(body)
    ? `a ${method} that may have arrived is not sent twice`
    : 'its body went to the first attempt as it came, and is gone';

export interface ReplayOptions {
  /** Bodies up to this size are kept; larger ones are streamed once. 0: none is kept. */
  readonly maxBytes: number;
  /**
   * `idempotent`: bodies of requests that may be sent twice. `every`: those of POST and PATCH too, for the failures
   * after which nothing was sent.
   */
  readonly methods: 'idempotent' | 'every';
}

/** Linkerd's limit. Of idempotent methods only: most bodies are POSTs, and keeping them delays each for few retries. */
export const REPLAY_DEFAULTS: ReplayOptions = { maxBytes: 64 * 1024, methods: 'idempotent' };

/** Reads small bodies into memory, so that the requests can be sent again. */
export const bufferSmallBodies =
  ({ maxBytes, methods }: ReplayOptions = REPLAY_DEFAULTS): Layer =>
  (next) =>
  (request, call) => {
    const { body } = request;
    if (body === null || body instanceof Uint8Array) return next(request, call);
    // A length that is not known is NaN, and not small.
    const small = Number(request.headers['content-length']) <= maxBytes;
    if (!small || (methods === 'idempotent' && !IDEMPOTENT.has(request.method))) return next(request, call);
    return readAll(body, call).then((whole) => next({ ...request, body: whole }, call));
  };

const readAll = (body: NodeJS.ReadableStream, call: Call): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    call.onCancel(reject);
    body.on('data', (chunk: Buffer) => chunks.push(chunk));
    body.on('end', () => resolve(Buffer.concat(chunks)));
    body.on('error', () => reject(new GatewayError('BGW_ERR_CLIENT_LEFT')));
  });
