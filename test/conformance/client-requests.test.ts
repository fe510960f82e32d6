/** Whatever a client sends gets its own answer or is refused in HTTP, and what is refused never reaches an upstream. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fieldOf } from './answer-parser.js';
import {
  CLIENT_REQUEST_IDS,
  CLIENT_REQUESTS,
  type ClientRequest,
  clientRequestOf,
} from './client-requests.js';
import { tag } from './fault.js';
import { FAULTS } from './faults.js';
import { type FaultyUpstream, openUpstream } from './faulty-upstream.js';
import { type OpenGateway, openGateway, PATIENT } from './observe.js';
import { type Answer, RawClient } from './raw-client.js';

let upstream: FaultyUpstream;
let open: OpenGateway;

beforeAll(async () => {
  upstream = await openUpstream(FAULTS.none);
  open = await openGateway({ healthCheck: 'off', timeouts: PATIENT }, { bad: upstream.port });
});

afterAll(async () => {
  await open.gateway.close();
  await upstream.close();
});

const accepts = (wanted: number | readonly number[], status: number): boolean =>
  typeof wanted === 'number' ? wanted === status : wanted.includes(status);

/** Of one answer among those that a client gets. */
const problemsOf = (answer: Answer, wanted: number | readonly number[], number: number): string[] => {
  const problems = answer.problems.map((problem) => `not HTTP: ${problem}`);
  if (!accepts(wanted, answer.status) || !answer.complete) {
    return [
      ...problems,
      `answer ${number}: wanted ${wanted}, got ${answer.status}, connection ${answer.connection}`,
    ];
  }
  if (!/^[0-9a-f]{16}$/.test(fieldOf(answer, 'x-ray-id') ?? '')) problems.push('no Ray ID');
  const proxyStatus = fieldOf(answer, 'proxy-status') ?? '';
  if (answer.status >= 400 && !proxyStatus.includes('error=http_request_error')) {
    problems.push(`Proxy-Status "${proxyStatus}"`);
  }
  if (answer.status === 200 && answer.body.toString() !== tag(`c${number}`)) {
    problems.push(`the answer of another request: ${answer.body.toString().slice(0, 60)}`);
  }
  return problems;
};

const endProblems = (leaves: ClientRequest['leaves'], last: Answer): string[] => {
  const closed = last.connection !== 'open';
  const announced = fieldOf(last, 'connection')?.toLowerCase() === 'close';
  if (closed && !announced && leaves !== 'closed') return [`closed unannounced (${last.connection})`];
  if (leaves === 'open' && closed) return ['closed'];
  if (leaves === 'closed' && !closed) return ['left open'];
  return [];
};

describe('a client that sends', () => {
  it.each(CLIENT_REQUEST_IDS.map((id) => [id, CLIENT_REQUESTS[id].description] as const))(
    '%s (%s)',
    async (id) => {
      const { sends, method = 'GET', gets, informational = [], leaves } = clientRequestOf(id);
      const before = upstream.arrivals.length;
      const client = await RawClient.open(open.port);
      onTestFinished(() => client.close());
      const problems: string[] = [];
      client.send(sends);
      let answer = await client.read(method);
      let due = 0;
      expect(answer.informational).toEqual(informational);
      for (const [index, wanted] of gets.entries()) {
        if (index > 0) answer = await client.read('GET');
        if (answer.status === 200) due++;
        problems.push(...problemsOf(answer, wanted, index + 1));
      }
      if (answer.rest.length > 0) problems.push(`${answer.rest.length} bytes after the last answer`);
      problems.push(...endProblems(leaves, answer));
      const taken = upstream.arrivals.slice(before).filter(({ whole }) => whole).length;
      if (taken !== due) problems.push(`the upstream got ${taken} requests, not ${due}`);
      if (client.isOpen && answer.complete) {
        const next = await client.ask({ method: 'GET', path: '/healthy/c1' });
        problems.push(...problemsOf(next, 200, 1).map((problem) => `the next request: ${problem}`));
      }
      expect(problems).toEqual([]);
    },
  );
});
