/** A config answers requests that nobody waits for, through its rules, routes and policies, before it gets any other. */
import type { IncomingMessage } from 'node:http';
import { causeOf, GatewayError } from '../core/errors.js';
import { formatDuration } from '../core/units.js';
import type { SmokeCheck } from '../delivery/smoke-test.js';
import { type BodySink, Call, type ProxyRequest } from '../policies/service.js';
import type { GatewayConfig } from './config.js';
import { Generation } from './generation.js';
import { KeptState } from './kept-state.js';
import type { Surroundings } from './parts.js';

/**
 * For the whole of a test: whoever pushes waits for it, and twenty checks whose answers take half a second fit. What is
 * not over by then has failed.
 */
export const SMOKE_TEST_TIMEOUT_MS = 10_000;

/** By which upstreams know in their logs what was no client's. */
export const SMOKE_TEST_AGENT = 'badgateway-smoke-test';

const RAY_ID = 'smoke-test';

const DISCARD: BodySink = { write: () => true, end: () => {}, abort: () => {} };

/** What a request got. */
interface Answer {
  readonly status: number;
  /** For people: the cause of an error of the gateway's; empty: it is none. */
  readonly cause: string;
  /** Empty: nobody was asked. */
  readonly upstream: string;
}

/** It leaves no trace in what serves: circuits, limits and the cache are its own, and nobody is ejected for it. */
const isolated = (config: GatewayConfig, around: Surroundings): Generation =>
  new Generation(
    { ...config, outlierEjection: null },
    {
      ...around,
      kept: new KeptState(),
      emit: () => {},
      metrics: { onCache: () => {}, onRuleTime: () => {} },
      tracing: null,
    },
  );

const refusalOf = ({ rules }: Generation, request: ProxyRequest): GatewayError | null => {
  if (rules === null) return null;
  const { method, path: url, headers } = request;
  const socket = { remoteAddress: '127.0.0.1' };
  const refusal = rules.judge({ method, url, headers, socket } as unknown as IncomingMessage, RAY_ID);
  return refusal === null ? null : new GatewayError(refusal.code);
};

const ask = async (
  generation: Generation,
  { path, headers: own }: SmokeCheck,
  call: Call,
): Promise<Answer> => {
  const headers = { 'user-agent': SMOKE_TEST_AGENT, ...own };
  const request: ProxyRequest = { method: 'GET', path, headers, body: null };
  try {
    const refusal = refusalOf(generation, request);
    if (refusal !== null) throw refusal;
    const response = await generation.handle(request, call);
    const end = await new Promise<GatewayError | null>((resolve) => {
      response.onEnd(resolve);
      call.onCancel((error) => response.destroy(error));
      response.relay(DISCARD);
    });
    if (end !== null) throw end;
    return { status: response.statusCode, cause: '', upstream: call.tried.at(-1) ?? '' };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, spec } = error;
    return { status: spec.statusCode, cause: causeOf(code), upstream: call.tried.at(-1) ?? '' };
  }
};

/** @returns what is wrong with an answer; `null`: nothing. */
const judge = ({ path, status, upstreams }: SmokeCheck, answer: Answer): string | null => {
  const from = answer.upstream === '' ? '' : ` from ${answer.upstream}`;
  const why = answer.cause === '' ? '' : ` (${answer.cause})`;
  const got = `its smoke test asked for ${path} and got ${answer.status}${why}${from}`;
  if (status === null ? answer.status >= 400 : answer.status !== status) {
    return `${got}, where ${status ?? 'a status below 400'} is wanted`;
  }
  return upstreams === null || upstreams.includes(answer.upstream)
    ? null
    : `${got}, where ${upstreams.join(' or ')} has to answer`;
};

/** Asks one thing after another, until an answer is not as it should be. @returns what is wrong; `null`: nothing. */
export const smokeTest = async (
  config: GatewayConfig,
  checks: readonly SmokeCheck[],
  around: Surroundings,
): Promise<string | null> => {
  const { clock } = around;
  const generation = isolated(config, around);
  let asking: Call | null = null;
  let late = false;
  const timer = clock.after(SMOKE_TEST_TIMEOUT_MS, () => {
    late = true;
    asking?.cancel(new GatewayError('BGW_ERR_RESPONSE_TIMEOUT'));
  });
  try {
    for (const check of checks) {
      for (let count = 0; count < check.requests; count++) {
        asking = new Call(RAY_ID, clock);
        const problem = judge(check, await ask(generation, check, asking));
        if (late) return `its smoke test was not over within ${formatDuration(SMOKE_TEST_TIMEOUT_MS)}`;
        if (problem !== null) return problem;
      }
    }
    return null;
  } finally {
    timer.cancel();
    generation.close();
  }
};
