/**
 * The answer the gateway makes itself when a request failed: an HTML page for a browser, `application/problem+json`
 * (RFC 9457) for a program, plain text for who asks for it. Making it calls nothing that can fail, and whatever comes
 * from outside is escaped.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.js';
import { causeOf, type GatewayError } from '../core/errors.js';
import { type StatusDialect, statusIn } from './dialect.js';
import { endUpload, writeHead } from './edge/answer-head.js';
import { renderErrorPage } from './error-page.js';
import { hostOf, proxyStatus, RAY_ID_HEADER } from './headers.js';

export interface ErrorContext {
  readonly rayId: string;
  readonly dialect: StatusDialect;
  readonly clock: Clock;
  /** Seconds after which another try is worth it, where that is known. */
  readonly retryAfterSeconds?: number;
}

type Form = 'html' | 'json' | 'text';

const MEDIA_TYPES: readonly (readonly [type: string, form: Form])[] = [
  ['text/html', 'html'],
  ['application/xhtml+xml', 'html'],
  ['application/problem+json', 'json'],
  ['application/json', 'json'],
  ['text/plain', 'text'],
];

const CONTENT_TYPES: Readonly<Record<Form, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/problem+json',
  text: 'text/plain; charset=utf-8',
};

/** The form with the highest quality value (RFC 9110 section 12.5.1); JSON where the client does not care. */
export const chooseForm = (accept: string | undefined): Form => {
  let best: Form = 'json';
  let bestQuality = 0;
  for (const range of (accept ?? '').slice(0, 1024).split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const form = MEDIA_TYPES.find(([known]) => known === type)?.[1];
    const written = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = written === undefined ? 1 : Number(written.slice(2)) || 0;
    if (form !== undefined && quality > bestQuality) [best, bestQuality] = [form, quality];
  }
  return best;
};

/** Clients are asked to come back after this long when nothing better is known: the least that whole seconds allow. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

const bodyOf = (
  form: Form,
  raw: ServerResponse,
  error: GatewayError,
  status: number,
  context: ErrorContext,
): string => {
  const { spec, code } = error;
  switch (form) {
    case 'html':
      return renderErrorPage({
        status,
        code,
        host: hostOf(raw.req) ?? 'the host',
        clientAddress: raw.req.socket?.remoteAddress ?? 'unknown',
        rayId: context.rayId,
        atMs: context.clock.nowMs(),
        retryAfterSeconds: context.retryAfterSeconds,
      });
    case 'text':
      return `${status} ${spec.title}\nRay ID: ${context.rayId}\n`;
    case 'json':
      return JSON.stringify({
        type: 'about:blank',
        title: spec.title,
        status,
        code,
        cause: causeOf(code),
        rayId: context.rayId,
      });
  }
};

/** @returns the status the client gets. */
export const sendError = (raw: ServerResponse, error: GatewayError, context: ErrorContext): number => {
  const { spec, code } = error;
  const status = statusIn(context.dialect, code);
  const retryAfterSeconds =
    context.retryAfterSeconds ?? (status === 503 || status === 429 ? DEFAULT_RETRY_AFTER_SECONDS : undefined);
  const form = chooseForm(raw.req.headers.accept);
  const body = bodyOf(form, raw, error, status, {
    ...context,
    ...(retryAfterSeconds && { retryAfterSeconds }),
  });
  const headers = [
    'content-type',
    CONTENT_TYPES[form],
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    RAY_ID_HEADER,
    context.rayId,
    'proxy-status',
    proxyStatus(spec, code),
  ];
  if (retryAfterSeconds !== undefined) headers.push('retry-after', String(retryAfterSeconds));
  writeHead(raw, status, headers, context.clock);
  raw.end(body);
  endUpload(raw, context.clock);
  return status;
};
