/** An answer in JSON, whole. */
import type { ServerResponse } from 'node:http';

export const sendJson = (response: ServerResponse, statusCode: number, value: unknown): void => {
  const body = JSON.stringify(value);
  const length = String(Buffer.byteLength(body));
  response.writeHead(statusCode, ['content-type', 'application/json', 'content-length', length]);
  response.end(body);
};
