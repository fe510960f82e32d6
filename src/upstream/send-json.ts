/** An answer in JSON, whole. */
import type { ServerResponse } from 'node:http';

export const sendJson = (response: ServerResponse, statusCode: number, value: unknown): void => {
  const body = JSON.stringify(value);
  response.writeHead(statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
};
