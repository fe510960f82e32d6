/**
 * The answer the gateway makes itself when a request failed: an HTML page for a browser, `application/problem+json`
 * (RFC 9457) for a program, plain text for who asks for it. Making it calls nothing that can fail, and whatever comes
 * from outside is escaped.
 */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.js';
import { causeOf, ERRORS, type GatewayError } from '../core/errors.js';
import type { ErrorPageConfig } from './config/error-page.js';
import type { GatewayConfig } from './config.js';
import { statusIn } from './dialect.js';
import { endUpload, writeHead } from './edge/answer-head.js';
import type { Asker } from './edge/trusted-edges.js';
import { contentPolicy, type ErrorPage, renderErrorPage } from './error-page.js';
import { adviceFor, failingHop, recoveryText } from './error-story.js';
import { hostOf, proxyStatus, RAY_ID_HEADER } from './headers.js';
import { type Recovery, recoverySeconds } from './recovery.js';

export interface ErrorContext {
  readonly rayId: string;
  readonly config: Pick<GatewayConfig, 'statusDialect' | 'location' | 'errorPage'>;
  readonly clock: Clock;
  readonly asker: Asker;
  /** When another try is worth it; `null`: not known. */
  readonly recovery: Recovery | null;
}

export { type ErrorPage, renderErrorPage } from './error-page.js';

/** Where nobody says where the gateway is. */
export const DEFAULT_LOCATION = 'local';

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

/** The network alone: an IPv4 address without its last number, of an IPv6 address the first 48 bits. */
const masked = (address: string): string => {
  const v4 = /^(.*?\d+\.\d+\.\d+\.)\d+$/.exec(address)?.[1];
  return v4 === undefined ? `${address.split(':').slice(0, 3).join(':')}:…` : `${v4}…`;
};

const addressOf = ({ address }: Asker, { clientAddress }: ErrorPageConfig): string | null => {
  if (clientAddress === 'hidden') return null;
  return clientAddress === 'masked' ? masked(address) : address;
};

const pageOf = (
  raw: ServerResponse,
  { code }: GatewayError,
  status: number,
  context: ErrorContext,
): ErrorPage => {
  const { rayId, recovery, clock, config, asker } = context;
  const { statusPage, reports } = config.errorPage;
  return {
    ...{ status, code, rayId, recovery, statusPage, reports },
    method: raw.req.method ?? '',
    host: hostOf(raw.req) ?? 'the host',
    viaEdge: asker.viaEdge,
    clientAddress: addressOf(asker, config.errorPage),
    location: config.location ?? DEFAULT_LOCATION,
    atMs: clock.nowMs(),
  };
};

/** The same as plain text. */
export const renderErrorText = ({
  code,
  method,
  status,
  rayId,
  recovery,
  location,
  statusPage,
}: ErrorPage): string =>
  `${status} ${ERRORS[code].title}
${adviceFor(code, method, recovery)}
Estimated recovery: ${recoveryText(recovery)}
Ray ID: ${rayId}
Location: ${location}
${statusPage === null ? '' : `Status: ${statusPage}/\n`}`;

/** The same as `application/problem+json`. */
export const renderErrorJson = (page: ErrorPage): string => {
  const { code, status, rayId, location, clientAddress, recovery, statusPage } = page;
  return JSON.stringify({
    type: 'about:blank',
    title: ERRORS[code].title,
    status,
    detail: adviceFor(code, page.method, recovery),
    code,
    cause: causeOf(code),
    hop: failingHop(code),
    rayId,
    ...(clientAddress !== null && { clientAddress }),
    location,
    time: new Date(page.atMs).toISOString(),
    estimatedRecovery: recovery && { afterSeconds: recoverySeconds(recovery), source: recovery.source },
    ...(statusPage !== null && { statusPage }),
  });
};

const BODIES: Readonly<Record<Form, (page: ErrorPage) => string>> = {
  html: renderErrorPage,
  json: renderErrorJson,
  text: renderErrorText,
};

/** @returns the status the client gets. */
export const sendError = (raw: ServerResponse, error: GatewayError, context: ErrorContext): number => {
  const { spec, code } = error;
  const { statusDialect, errorPage } = context.config;
  const status = statusIn(statusDialect, code);
  const form = chooseForm(raw.req.headers.accept);
  const body = BODIES[form](pageOf(raw, error, status, context));
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
  if (form === 'html') {
    headers.push('content-security-policy', contentPolicy(errorPage.statusPage, errorPage.reports));
    headers.push('x-content-type-options', 'nosniff', 'referrer-policy', 'no-referrer');
  }
  const retryAfterSeconds = retryAfter(status, context.recovery);
  if (retryAfterSeconds !== null) headers.push('retry-after', String(retryAfterSeconds));
  writeHead(raw, status, headers, context.clock);
  raw.end(body);
  endUpload(raw, context.clock);
  return status;
};

const retryAfter = (status: number, recovery: Recovery | null): number | null => {
  if (recovery !== null) return recoverySeconds(recovery);
  return status === 503 || status === 429 ? DEFAULT_RETRY_AFTER_SECONDS : null;
};
