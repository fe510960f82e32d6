/** A request to an admin API of this run whose answer matters, whatever it is. */
import { type Agent, request } from 'node:http';

export interface JsonRequest {
  readonly host: string;
  readonly port: number;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  /** Left out: it has none. */
  readonly body?: unknown;
  /** How long nothing may be heard. */
  readonly timeoutMs: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly type: string;
  /** What it is as JSON; a text that is none, as it came; `null`: it is empty. */
  readonly body: unknown;
}

const parse = (text: string): unknown => {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** @param agent left out: a connection of its own. Rejects when there is no answer. */
export const askJson = (
  { host, port, method, path, body, timeoutMs }: JsonRequest,
  agent: Agent | false = false,
): Promise<JsonAnswer> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const asked = request({ host, port, method, path, agent, headers, timeout: timeoutMs }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: fields } = response;
        resolve({ status, type: fields['content-type'] ?? '', body: parse(answer) });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs}ms`)));
    asked.on('error', reject);
    asked.end(text);
  });
