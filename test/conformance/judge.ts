/**
 * What is wrong with what was observed: the expectation of the fault, and what must hold whatever the fault.
 *
 * Nothing hangs; nothing but valid HTTP reaches a client; nothing that is not whole looks whole; no connection ends
 * unannounced; every request gets its own answer; nothing is sent twice that must not be; nothing stays counted as in
 * flight.
 */
import { ERRORS, type ErrorCode } from '../../src/core/errors.js';
import { fieldOf } from './answer-parser.js';
import { EXPECTATIONS, type Expectation, type Outcome, type Passed } from './expectations.js';
import { tag } from './fault.js';
import { faultOf } from './faults.js';
import type { Case, Observation } from './observe.js';
import type { Answer } from './raw-client.js';

/**
 * Far above every timeout of the suite and what a busy machine adds, and below the time after which a client stops
 * waiting.
 */
export const MAX_MS = 5_000;

/** Half of how long the body comes after its header. */
const HEAD_FIRST_MS = 100;

const RAY_ID = /^[0-9a-f]{16}$/;

const describeAnswer = ({ status, complete, connection, body, fields }: Answer): string => {
  const cause = fieldOf({ fields }, 'proxy-status') ?? 'no Proxy-Status';
  const whole = complete ? 'whole' : `broken off after ${body.length} bytes`;
  return `${status === 0 ? 'no answer' : `${status} (${cause}), ${whole}`}, connection ${connection}`;
};

/** Of every answer, whoever made it. */
const formProblems = (answer: Answer): string[] => {
  const problems = answer.problems.map((problem) => `not HTTP: ${problem}`);
  if (answer.ms > MAX_MS) problems.push(`took ${Math.round(answer.ms)} ms`);
  if (answer.rest.length > 0) problems.push(`${answer.rest.length} bytes after its end`);
  if (answer.status === 0 && answer.connection !== 'open')
    problems.push('the connection ended without a byte');
  const rayId = fieldOf(answer, 'x-ray-id') ?? '';
  if (answer.status !== 0 && !RAY_ID.test(rayId)) problems.push(`x-ray-id "${rayId}"`);
  return problems;
};

/** Of an answer after which more may be asked. */
const endProblems = (answer: Answer, version: '1.0' | '1.1'): string[] => {
  if (!answer.complete || version === '1.0') return [];
  const announced = fieldOf(answer, 'connection')?.toLowerCase() === 'close';
  if (announced && answer.connection === 'open') return ['said close and kept the connection'];
  if (!announced && answer.connection !== 'open') return [`closed unannounced (${answer.connection})`];
  if (!announced && !answer.sent) return ['kept a connection on which half a request is left'];
  return [];
};

const errorProblems = (answer: Answer, codes: readonly ErrorCode[]): string[] => {
  const proxyStatus = fieldOf(answer, 'proxy-status') ?? '';
  const code = codes.find((one) => proxyStatus.includes(`"${one}"`));
  if (code === undefined || !answer.complete) {
    return [`wanted ${codes.join(' or ')}, got ${describeAnswer(answer)}`];
  }
  const spec = ERRORS[code];
  const problems: string[] = [];
  if (answer.status !== spec.statusCode) problems.push(`${code} with status ${answer.status}`);
  if (!proxyStatus.includes(`error=${spec.proxyStatus}`)) problems.push(`Proxy-Status ${proxyStatus}`);
  const body = answer.body.toString();
  if (!body.includes(fieldOf(answer, 'x-ray-id')!) || !body.includes(code)) {
    problems.push(`a body that does not name the error: ${body.slice(0, 80)}`);
  }
  return problems;
};

const passProblems = (answer: Answer, wanted: Passed, id: string, from: string): string[] => {
  if (answer.status !== wanted.status || !answer.complete) {
    return [`wanted ${wanted.status} of ${from}, whole, got ${describeAnswer(answer)}`];
  }
  const problems: string[] = [];
  const proxyStatus = fieldOf(answer, 'proxy-status') ?? '';
  if (!proxyStatus.includes(`next-hop=${from}`) || proxyStatus.includes('error=')) {
    problems.push(`Proxy-Status ${proxyStatus}`);
  }
  const body = answer.body.toString('latin1');
  if (wanted.headFirst && answer.ms - answer.headMs < HEAD_FIRST_MS)
    problems.push('the header waited for the body');
  const whole = wanted.body(id);
  if (body !== whole) problems.push(`wanted body "${whole.slice(0, 40)}", got "${body.slice(0, 40)}"`);
  for (const [name, value] of Object.entries(wanted.fields)) {
    const got = fieldOf(answer, name);
    if (got === undefined || !value.test(got)) problems.push(`field ${name}: ${got?.slice(0, 40)}`);
  }
  return problems;
};

const cutProblems = (answer: Answer, version: '1.0' | '1.1'): string[] => {
  const problems: string[] = [];
  if (answer.status !== 200 || answer.complete || answer.connection === 'open') {
    problems.push(`wanted 200, broken off, got ${describeAnswer(answer)}`);
  }
  // Without framing, only a reset says that the end is no end.
  if (version === '1.0' && answer.connection === 'fin' && fieldOf(answer, 'content-length') === undefined) {
    problems.push('a clean end, which a client of HTTP/1.0 takes for a whole body');
  }
  if (!/^x*$/.test(answer.body.toString('latin1'))) problems.push('bytes that the upstream did not send');
  return problems;
};

const outcomeProblems = (answer: Answer, outcome: Outcome, id: string, test: Case): string[] => {
  switch (outcome.kind) {
    case 'pass':
      return passProblems(answer, outcome, id, 'bad');
    case 'error':
      return errorProblems(answer, outcome.codes);
    case 'cut':
      return cutProblems(answer, versionOf(test));
  }
};

const versionOf = ({ shape }: Case): '1.0' | '1.1' => (shape === 'http-1.0' ? '1.0' : '1.1');

export const outcomeOf = (expectation: Expectation, method: Case['method']): Outcome =>
  method === 'POST' ? expectation.post : expectation.outcome;

/** Whether the request has to, may, or must not go to the other upstream. */
const retryOf = (test: Case, { retried }: Expectation): 'must' | 'may' | 'never' => {
  if (test.upstreams === 'one' || retried === 'none') return 'never';
  const idempotent = test.method !== 'POST';
  switch (retried) {
    case 'any':
      return idempotent ? 'must' : 'may';
    case 'idempotent':
      return idempotent ? 'must' : 'never';
    case 'optional':
      return idempotent ? 'may' : 'never';
  }
};

const GOOD: Passed = { kind: 'pass', status: 200, body: tag, fields: {}, headFirst: false };

const answerProblems = (test: Case, seen: Observation, expectation: Expectation): string[] => {
  const { answer, id, sentToGood } = seen;
  const retry = retryOf(test, expectation);
  const outcome = outcomeOf(expectation, test.method);
  // Sent once more to the same upstream, over a new connection, is as good.
  const mended = outcome.kind === 'pass' && sentToGood === 0;
  if (retry === 'must' && sentToGood === 0 && !mended) {
    return [`not retried; got ${describeAnswer(answer)}`];
  }
  if (retry === 'never' && sentToGood > 0) return ['sent to the other upstream, which must not be'];
  if (sentToGood === 0) return outcomeProblems(answer, outcome, id, test);
  const problems = passProblems(answer, GOOD, id, 'good');
  if (sentToGood > 1) problems.push(`sent to the good upstream ${sentToGood} times`);
  if (test.method === 'PUT' && seen.bodyAtGood !== 64 * 1024) {
    problems.push(`the retry took ${seen.bodyAtGood} bytes of body along`);
  }
  return problems;
};

/**
 * A kept connection may be closing when it is used; an idempotent request that meets that is sent once more, whatever
 * the config. Everything else is sent to the same upstream once. (How often an upstream is connected to says so only
 * where no request arrives: undici makes a new connection ahead when an attempt was aborted.)
 */
const repetitionProblems = (test: Case, { sentToBad, struckConnections }: Observation): string[] => {
  const most = test.shape === 'reused' && test.method !== 'POST' ? 2 : 1;
  const problems: string[] = [];
  if (sentToBad > most) problems.push(`sent to the faulty upstream ${sentToBad} times`);
  if (faultOf(test.fault).at === 'accept' && struckConnections > most)
    problems.push(`${struckConnections} connections for one request`);
  return problems;
};

const followUpProblems = (test: Case, seen: Observation, expectation: Expectation): string[] => {
  const problems: string[] = [];
  const rayIds = new Set<string | undefined>([fieldOf(seen.answer, 'x-ray-id')]);
  for (const [name, id, answer] of [
    ['the next request of the connection', 'n1', seen.next],
    ['a request of a new connection', 'n2', seen.later],
  ] as const) {
    if (answer === null) continue;
    const own = [...formProblems(answer), ...endProblems(answer, '1.1')];
    // Of two upstreams, either may answer; one that cannot heal fails as before.
    if (answer.status === 200 || seen.healed) {
      own.push(...passProblems(answer, GOOD, id, test.upstreams === 'two' ? '' : 'bad'));
    } else own.push(...outcomeProblems(answer, expectation.outcome, id, test));
    if (rayIds.has(fieldOf(answer, 'x-ray-id'))) own.push('the Ray ID of another request');
    rayIds.add(fieldOf(answer, 'x-ray-id'));
    problems.push(...own.map((problem) => `${name}: ${problem}`));
  }
  return problems;
};

/** @returns everything that is wrong, in words; nothing when all is well. */
export const judge = (
  test: Case,
  seen: Observation,
  expectation: Expectation = EXPECTATIONS[test.fault],
): string[] => {
  const problems = [
    ...formProblems(seen.answer),
    ...endProblems(seen.answer, versionOf(test)),
    ...answerProblems(test, seen, expectation),
    ...repetitionProblems(test, seen),
    ...followUpProblems(test, seen, expectation),
  ];
  if (seen.leftInFlight > 0) problems.push(`${seen.leftInFlight} attempts still counted as in flight`);
  return problems;
};
