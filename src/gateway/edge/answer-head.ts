/** The beginning and the end of an answer, whatever the client's version of HTTP. */
import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { Clock } from '../../core/clock.js';
import { lingerAfter } from './linger.js';

/** HTTP/2 takes one value per name, or a list of them. */
const grouped = (flat: readonly string[]): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index < flat.length; index += 2) {
    const [name, value] = [flat[index]!, flat[index + 1]!];
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers;
};

/** Writes a status and fields. @throws when Node finds a field unsafe to send. */
export const writeHead = (raw: ServerResponse, statusCode: number, flat: string[], clock: Clock): void => {
  if (raw.req.httpVersionMajor === 2) {
    raw.writeHead(statusCode, grouped(flat));
    return;
  }
  // What is left of an unread request body would be taken for the next request.
  if (!raw.req.complete) {
    flat.push('connection', 'close');
    lingerAfter(raw, clock);
  }
  raw.writeHead(statusCode, flat);
};

/** A client of HTTP/2 that has its answer is told to send no more (RFC 9113 section 8.1), or the stream stays open. */
export const endUpload = (raw: ServerResponse, clock: Clock): void => {
  if (raw.req.httpVersionMajor !== 2 || raw.req.complete) return;
  const { stream } = raw as unknown as Http2ServerResponse;
  if (stream.endAfterHeaders) return;
  // In a packet of its own: clients that read both at once forget the answer.
  stream.once('finish', () => clock.after(0, () => stream.close(constants.NGHTTP2_NO_ERROR)));
};
