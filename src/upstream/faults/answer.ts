/** An answer that a fault gives in the worker's place. */
import type { ServerResponse } from 'node:http';

export const answerWith = (response: ServerResponse, statusCode: number): void => {
  const body = JSON.stringify({ error: `an injected ${statusCode}` });
  response.writeHead(statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
};
