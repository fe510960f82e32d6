/** An answer that a fault gives in the worker's place. */
import type { ServerResponse } from 'node:http';
import { sendJson } from '../send-json.js';

export const answerWith = (response: ServerResponse, statusCode: number): void =>
  sendJson(response, statusCode, { error: `an injected ${statusCode}` });
