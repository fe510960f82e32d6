/** The suite's judge finds what it is there for: each row is a gateway that misbehaves in one way. */
import { describe, expect, it } from 'vitest';
import { EXPECTATIONS, type Expectation } from '../../conformance/expectations.js';
import { judge } from '../../conformance/judge.js';
import type { Case, Observation } from '../../conformance/observe.js';
import type { Answer } from '../../conformance/raw-client.js';

const HANG: Case = { fault: 'hang', method: 'GET', upstreams: 'one', shape: 'fresh' };

let rays = 0;
const rayId = (): string => (++rays).toString(16).padStart(16, '0');

const answer = (changes: Partial<Answer> = {}): Answer => ({
  informational: [],
  status: 200,
  fields: [
    ['x-ray-id', rayId()],
    ['proxy-status', 'badgateway; next-hop=bad'],
  ],
  body: Buffer.from('ok f1'),
  complete: true,
  rest: Buffer.alloc(0),
  problems: [],
  connection: 'open',
  ms: 5,
  headMs: 5,
  sent: true,
  ...changes,
});

/** The gateway's own answer. */
const failure = (code: string, error: string, status: number, changes: Partial<Answer> = {}): Answer => {
  const id = rayId();
  return answer({
    status,
    fields: [
      ['x-ray-id', id],
      ['proxy-status', `badgateway; error=${error}; details="${code}"`],
    ],
    body: Buffer.from(JSON.stringify({ code, rayId: id })),
    ...changes,
  });
};

const late = (changes: Partial<Answer> = {}): Answer =>
  failure('BGW_ERR_RESPONSE_TIMEOUT', 'http_response_timeout', 504, changes);

const seen = (changes: Partial<Observation> = {}): Observation => ({
  id: 'f1',
  answer: late(),
  next: answer({ body: Buffer.from('ok n1') }),
  later: answer({ body: Buffer.from('ok n2') }),
  healed: true,
  sentToBad: 1,
  sentToGood: 0,
  struckConnections: 1,
  bodyAtGood: null,
  leftInFlight: 0,
  ...changes,
});

const good = (id: string): Answer =>
  answer({
    fields: [
      ['x-ray-id', rayId()],
      ['proxy-status', 'badgateway; next-hop=good'],
    ],
    body: Buffer.from(`ok ${id}`),
  });

const cutAnswer = (changes: Partial<Answer> = {}): Answer =>
  answer({ complete: false, connection: 'fin', body: Buffer.from('xxxxx'), ...changes });

describe('a gateway that', () => {
  it('does what it should has nothing against it', () => {
    expect(judge(HANG, seen())).toEqual([]);
  });

  const close: Answer['fields'] = [...late().fields, ['connection', 'close']];

  it.each<[title: string, changes: Partial<Observation>, says: RegExp]>([
    ['hangs', { answer: answer({ status: 0, complete: false, ms: 6_000 }), next: null }, /took 6000 ms/],
    [
      'closes without a byte',
      { answer: answer({ status: 0, complete: false, connection: 'fin' }) },
      /without a byte/,
    ],
    ['passes garbage on', { answer: late({ problems: ['bytes "SSH"'] }) }, /not HTTP/],
    [
      'says another status',
      { answer: failure('BGW_ERR_RESPONSE_TIMEOUT', 'http_response_timeout', 502) },
      /status 502/,
    ],
    [
      'says another cause',
      { answer: failure('BGW_ERR_INTERNAL', 'proxy_internal_error', 500) },
      /wanted BGW/,
    ],
    [
      'says another error type',
      { answer: failure('BGW_ERR_RESPONSE_TIMEOUT', 'dns_error', 504) },
      /Proxy-Status/,
    ],
    ['does not name the error', { answer: late({ body: Buffer.from('') }) }, /does not name/],
    ['closes unannounced', { answer: late({ connection: 'fin' }), next: null }, /closed unannounced/],
    ['says close and keeps on', { answer: late({ fields: close }) }, /said close/],
    ['writes more than its answer', { answer: late({ rest: Buffer.from('x') }) }, /1 bytes after/],
    ['keeps half an upload', { answer: late({ sent: false }) }, /half a request/],
    ['sends twice', { sentToBad: 2 }, /2 times/],
    [
      'mixes answers up',
      { next: answer({ body: Buffer.from('ok n2') }) },
      /next request.*wanted body "ok n1"/,
    ],
    ['does not recover', { later: late() }, /new connection.*wanted 200/],
    ['gives a slot never back', { leftInFlight: 1 }, /in flight/],
  ])('%s is found out', (_title, changes, says) => {
    expect(judge(HANG, seen(changes)).join('\n')).toMatch(says);
  });
});

it('a second connection to an upstream that breaks them is found out', () => {
  const test = { ...HANG, fault: 'accept-fin' } as const;
  const closed = failure('BGW_ERR_CONNECTION_CLOSED', 'connection_terminated', 502);
  expect(judge(test, seen({ answer: closed }))).toEqual([]);
  expect(judge(test, seen({ answer: closed, struckConnections: 2 }))).toEqual([
    '2 connections for one request',
  ]);
});

it('a header that waits for its body is found out', () => {
  const test = { ...HANG, fault: 'late-body' } as const;
  const body = Buffer.from('xxxxx');
  expect(judge(test, seen({ answer: answer({ body, headMs: 1, ms: 201 }) }))).toEqual([]);
  expect(judge(test, seen({ answer: answer({ body, headMs: 200, ms: 201 }) })).join()).toContain('waited');
});

describe('a broken body', () => {
  const test: Case = { fault: 'trunc-cl-fin', method: 'GET', upstreams: 'one', shape: 'fresh' };

  it('may be cut', () => {
    expect(judge(test, seen({ answer: cutAnswer(), next: null }))).toEqual([]);
  });

  it.each<[title: string, answer: Answer]>([
    ['look whole', answer({ body: Buffer.from('xxxxx') })],
    ['stay open', cutAnswer({ connection: 'open' })],
    ['be mixed with other bytes', cutAnswer({ body: Buffer.from('xxHTTP/1.1') })],
  ])('must not %s', (_title, given) => {
    expect(judge(test, seen({ answer: given, next: null }))).not.toEqual([]);
  });

  it('must be reset where a clean end would end it', () => {
    const old = { ...test, shape: 'http-1.0' } as const;
    expect(judge(old, seen({ answer: cutAnswer(), next: null })).join()).toContain('clean end');
    expect(judge(old, seen({ answer: cutAnswer({ connection: 'rst' }), next: null }))).toEqual([]);
  });
});

describe('a retry', () => {
  const two = (method: Case['method'], fault: Case['fault'] = 'hang'): Case => ({
    fault,
    method,
    upstreams: 'two',
    shape: 'fresh',
  });
  const retried = (changes: Partial<Observation> = {}): Observation =>
    seen({ answer: good('f1'), sentToGood: 1, bodyAtGood: 65_536, ...changes });
  const refused = failure('BGW_ERR_CONNECTION_REFUSED', 'connection_refused', 502);

  it.each<[title: string, test: Case, seen: Observation, fine: boolean]>([
    ['of a GET is due', two('GET'), retried(), true],
    ['of a GET that stays away is found out', two('GET'), seen(), false],
    ['of a POST that may have been read is found out', two('POST'), retried(), false],
    ['of a POST that was never sent is fine', two('POST', 'refused'), retried(), true],
    ['of a POST that was never sent may stay away', two('POST', 'refused'), seen({ answer: refused }), true],
    ['of a PUT takes its body along', two('PUT'), retried(), true],
    ['of a PUT without its body is found out', two('PUT'), retried({ bodyAtGood: 0 }), false],
    ['that is sent twice is found out', two('GET'), retried({ sentToGood: 2 }), false],
    ['of a cut answer is found out', two('GET', 'trunc-cl-fin'), retried(), false],
  ])('%s', (_title, test, observation, fine) => {
    const expectation: Expectation = EXPECTATIONS[test.fault];
    expect(judge(test, observation, expectation).length === 0).toBe(fine);
  });
});
