/** How many bytes a message of HTTP/1.1 takes on its way, as Node and undici write it. */
import { STATUS_CODES } from 'node:http';
import type { MemoryAsked } from '../../core/memory-http.js';

/** Between name and value, and at the end of a line. */
const FIELD_EXTRA_BYTES = ': \r\n'.length;

/** What Node adds to an answer, and the empty line. */
const ADDED_BYTES =
  'Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n'.length;

/** Head and body. */
export const requestBytes = ({ method, url, headers }: MemoryAsked): number => {
  let bytes = `${method} ${url} HTTP/1.1\r\n\r\n`.length + Number(headers['content-length'] ?? 0);
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) bytes += name.length + String(value).length + FIELD_EXTRA_BYTES;
  }
  return bytes;
};

/** @param flat names and values in turn. */
export const headBytes = (statusCode: number, flat: readonly string[]): number => {
  let bytes = `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}\r\n`.length + ADDED_BYTES;
  for (const text of flat) bytes += String(text).length + FIELD_EXTRA_BYTES / 2;
  return bytes;
};
