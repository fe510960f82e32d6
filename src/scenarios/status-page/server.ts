/**
 * The status page's HTTP server: the page, the feed, JSON, and `POST /report`. Small and bounded, since it has to answer when
 * nothing else does: no framework, few connections, short bodies, and nothing is waited for.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.js';
import { API } from './api.js';
import { renderAtom } from './atom.js';
import type { StatusBoard } from './board.js';
import { renderStatusPage } from './page.js';
import { CONTENT_POLICY } from './page-parts.js';
import { type ReportAnswer, renderReportAnswer, renderReportForm } from './report-page.js';
import { MAX_REPORT_BYTES, readReport } from './reports.js';

/** A page that is open in every browser of a class, and more. */
const MAX_CONNECTIONS = 500;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** How often a browser is asked to load the page again. */
const REFRESH_SECONDS = 3;

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const ATOM = 'application/atom+xml; charset=utf-8';
const TEXT = 'text/plain; charset=utf-8';

const API_PREFIX = '/api/v2/';

interface Sent {
  readonly status?: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const send = (response: ServerResponse, { status = 200, type, body, headers = {} }: Sent): void => {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(type === HTML && { 'content-security-policy': CONTENT_POLICY, 'referrer-policy': 'no-referrer' }),
    ...headers,
  });
  response.end(body);
};

/** @returns the body; `null`: it is too long. */
const readBody = (request: IncomingMessage): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_REPORT_BYTES) resolve(null);
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });

/** @returns the fields; `null`: nobody can read them. */
const parseFields = (type: string, body: string): { ray: unknown; note: unknown } | null => {
  if (type === 'application/x-www-form-urlencoded') {
    const fields = new URLSearchParams(body);
    return { ray: fields.get('ray'), note: fields.get('note') ?? undefined };
  }
  try {
    const { ray, note } = (JSON.parse(body) ?? {}) as Record<string, unknown>;
    return { ray, note };
  } catch {
    return null;
  }
};

const TYPES = ['application/x-www-form-urlencoded', 'application/json'];

const wantsHtml = ({ headers }: IncomingMessage): boolean => (headers.accept ?? '').includes('text/html');

export class StatusServer {
  readonly #board: StatusBoard;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #startedMs: number;
  readonly #title: string;
  readonly #onReport: (rayId: string) => void;

  /** @param onReport called with the Ray ID of each report that counts. */
  constructor(board: StatusBoard, clock: Clock, title: string, onReport: (rayId: string) => void = () => {}) {
    this.#onReport = onReport;
    this.#board = board;
    this.#clock = clock;
    this.#title = title;
    this.#startedMs = clock.nowMs();
    this.#server = createServer(
      { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => {
        try {
          this.#answer(request, response);
        } catch {
          // Whatever is wrong with one answer, the next one has to come.
          response.destroy();
        }
      },
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @returns the port. @throws when it cannot have it. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.on('error', reject);
      this.#server.listen(port, host, () => resolve((this.#server.address() as { port: number }).port));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
    const { method } = request;
    if (path === '/report' && method === 'POST') {
      this.#report(request, response).catch(() => response.destroy());
      return;
    }
    if (method !== 'GET' && method !== 'HEAD') {
      const allow = path === '/report' ? 'GET, HEAD, POST' : 'GET, HEAD';
      send(response, { status: 405, type: TEXT, body: 'Method not allowed\n', headers: { allow } });
      return;
    }
    send(response, this.#page(path, query, request));
  }

  #page(path: string, query: string, { headers }: IncomingMessage): Sent {
    const nowMs = this.#clock.nowMs();
    if (path === '/') {
      const refreshes = !query.split('&').includes('refresh=off');
      const body = renderStatusPage(this.#board.view(nowMs), refreshes);
      return { type: HTML, body, ...(refreshes && { headers: { refresh: String(REFRESH_SECONDS) } }) };
    }
    if (path === '/report') return { type: HTML, body: renderReportForm(this.#title) };
    if (path === '/history.atom') {
      const origin = `http://${/^[A-Za-z0-9.:[\]-]+$/.test(headers.host ?? '') ? headers.host : 'localhost'}`;
      return { type: ATOM, body: renderAtom(this.#board.view(nowMs), origin, this.#startedMs) };
    }
    const name = path.startsWith(API_PREFIX) ? path.slice(API_PREFIX.length) : '';
    const api = Object.hasOwn(API, name) ? API[name] : undefined;
    if (api === undefined)
      return { status: 404, type: TEXT, body: 'There is nothing here; / is the status page\n' };
    const body = `${JSON.stringify(api(this.#board.view(nowMs)))}\n`;
    return { type: JSON_TYPE, body, headers: { 'access-control-allow-origin': '*' } };
  }

  async #report(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const answer = await this.#take(request, nowMs);
    const { status, text, counted, waitMs = 0 } = answer;
    const headers: Record<string, string> = {
      ...(waitMs > 0 && { 'retry-after': String(Math.ceil(waitMs / 1_000)) }),
      // What was not read is not waited for.
      ...(!request.complete && { connection: 'close' }),
    };
    const body = wantsHtml(request)
      ? { type: HTML, body: renderReportAnswer(answer, this.#title) }
      : { type: JSON_TYPE, body: `${JSON.stringify({ counted, message: text })}\n` };
    send(response, { status, ...body, headers });
  }

  async #take(request: IncomingMessage, nowMs: number): Promise<ReportAnswer & { readonly waitMs?: number }> {
    const no = (status: number, text: string, waitMs = 0) => ({ status, text, counted: false, waitMs });
    const waitMs = this.#board.waitMs(request.socket.remoteAddress ?? '', nowMs);
    if (waitMs > 0)
      return no(429, 'There have been many reports from your address. Please wait a little.', waitMs);
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
    if (!TYPES.includes(type)) return no(415, `A report is ${TYPES.join(' or ')}.`);
    const body = await readBody(request);
    if (body === null) return no(413, `A report has at most ${MAX_REPORT_BYTES} bytes.`);
    const fields = parseFields(type, body);
    const report = fields === null ? 'That is no JSON.' : readReport(fields, nowMs);
    if (typeof report === 'string') return no(400, report);
    if (!this.#board.report(report))
      return {
        status: 200,
        text: 'This error has been reported already, and is counted once.',
        counted: false,
      };
    this.#onReport(report.rayId);
    return {
      status: 202,
      text: 'Your report is counted. It helps to see how many are affected.',
      counted: true,
    };
  }
}
