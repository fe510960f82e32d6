/**
 * The answer the gateway makes itself when a request failed: `application/problem+json` (RFC 9457), or plain text for
 * a client that asks for it. Making it calls nothing that can fail, and shows the client nothing it sent.
 */
import type { ServerResponse } from 'node:http';
import { causeOf, type GatewayError } from '../core/errors.js';
import { proxyStatus, RAY_ID_HEADER } from './headers.js';

/** Clients are asked to come back after this many seconds: the least that whole seconds allow. */
const RETRY_AFTER_SECONDS = '1';

const wantsText = (accept: string | undefined): boolean =>
  accept !== undefined && /^text\/plain\b/.test(accept.trimStart());

export const sendError = (
  raw: ServerResponse,
  error: GatewayError,
  rayId: string,
  accept: string | undefined,
): void => {
  const { spec, code } = error;
  const text = wantsText(accept);
  const body = text
    ? `${spec.statusCode} ${spec.title}\nRay ID: ${rayId}\n`
    : JSON.stringify({
        type: 'about:blank',
        title: spec.title,
        status: spec.statusCode,
        code,
        cause: causeOf(code),
        rayId,
      });
  const headers = [
    'content-type',
    text ? 'text/plain; charset=utf-8' : 'application/problem+json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    RAY_ID_HEADER,
    rayId,
    'proxy-status',
    proxyStatus(spec, code),
  ];
  if (spec.statusCode === 503) headers.push('retry-after', RETRY_AFTER_SECONDS);
  // What is left of an unread request body would be taken for the next request.
  if (!raw.req.complete) headers.push('connection', 'close');
  raw.writeHead(spec.statusCode, headers);
  raw.end(body);
};
