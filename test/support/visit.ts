/** A request at a worker without a socket, for what does not look at one. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Visit } from '../../src/upstream/faults/fault.js';

export const visit = (headers: Readonly<Record<string, string>> = {}): Visit => {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, headers);
  return { request, response: new ServerResponse(request) };
};
