/** A request of the timeline to the gateway's admin API. */
import { request } from 'node:http';

/** Refusals that the gateway tells of itself, as an event: not wanted now, not valid, locked. */
const TOLD: ReadonlySet<number> = new Set([409, 422, 423]);

export interface AdminRequest {
  readonly host: string;
  readonly port: number;
  readonly method: 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body: object;
  /** How long nothing may be heard; default: as long as it takes. */
  readonly timeoutMs?: number;
}

/** @returns why nothing was changed, where nobody else tells of it; `null`: it was, or somebody does. */
export type AskAdmin = (request: AdminRequest) => Promise<string | null>;

/** What an answer of the admin API says in those terms. */
export const readAnswer = (statusCode: number, answer: string): string | null =>
  statusCode < 400 || TOLD.has(statusCode) ? null : `${statusCode} ${answer}`.trimEnd();

/** Over HTTP. */
export const askAdmin: AskAdmin = ({ host, port, method, path, body, timeoutMs = 0 }) =>
  new Promise((resolve) => {
    const text = JSON.stringify(body);
    // Node gives the body of a DELETE no length by itself, and it would be read as another request.
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const options = { host, port, method, path, agent: false, headers, timeout: timeoutMs };
    const asked = request(options, (response) => {
      const { statusCode = 0 } = response;
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => {
        resolve(readAnswer(statusCode, answer));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs}ms`)));
    asked.on('error', (error) => resolve(error.message));
    asked.end(text);
  });
