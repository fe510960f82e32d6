/** A config answers requests that nobody waits for, through its rules, routes and policies, before it gets any other. */
import type { IncomingMessage } from 'node:http';
import { causeOf, GatewayError } from '../core/errors.js';
import { formatDuration } from '../core/units.js';
import type { SmokeCheck, SmokeFailure } from '../delivery/smoke-test.js';
import { Call, DISCARD, type Headers, type ProxyRequest } from '../policies/service.js';
import type { GatewayConfig } from './config.js';
import { statusIn } from './dialect.js';
import { Generation } from './generation.js';
import { prepareRequestHeaders } from './headers.js';
import { KeptState } from './kept-state.js';
import type { Surroundings } from './parts.js';
import { keyOf } from './request-key.js';

/**
 * For the whole of a test, since whoever pushes waits for it: a hundred requests, which is as many as twenty checks ask
 * for by default, may take a tenth of a second each. What is not over by then has failed.
 */
export const SMOKE_TEST_TIMEOUT_MS = 10_000;

/** By which upstreams know in their logs what was no client's. */
export const SMOKE_TEST_AGENT = 'badgateway-smoke-test';

/** Rules see it as the client's address. */
const CLIENT = '127.0.0.1';

/** What a request got. */
interface Answer {
  readonly status: number;
  /** For people: the cause of an error of the gateway's; empty: it is none. */
  readonly cause: string;
}

/**
 * Each request is to reach an upstream, and only one: the cache would keep it from that, a retry or a hedge would hide the
 * one that fails, and a limit on the rate of clients is about clients.
 */
const bare = (config: GatewayConfig): GatewayConfig => ({
  ...config,
  cache: null,
  retry: null,
  hedge: null,
  outlierEjection: null,
  rules: config.rules.map((rule) =>
    rule.action === 'rate-limit' ? { ...rule, action: 'allow', rateLimit: null } : rule,
  ),
});

class SmokeTest {
  readonly #config: GatewayConfig;
  readonly #around: Surroundings;
  readonly #kept = new KeptState();
  readonly #generation: Generation;
  /** The request under way. */
  #call: Call | null = null;
  #late = false;

  /** It leaves no trace in what serves: circuits, limits, and what is in flight are its own. @throws as a version does. */
  constructor(config: GatewayConfig, around: Surroundings) {
    const pool = around.pool.copy(around.clock.nowMs());
    pool.place(config.upstreams, null);
    this.#config = bare(config);
    this.#around = {
      ...around,
      ...{ pool, kept: this.#kept, emit: () => {}, tracing: null },
      metrics: { onCache: () => {}, onRuleTime: () => {} },
    };
    try {
      this.#generation = new Generation(this.#config, this.#around);
    } catch (error) {
      this.#kept.close();
      throw error;
    }
  }

  async run(checks: readonly SmokeCheck[]): Promise<string | null> {
    const { clock, random } = this.#around;
    const rayIds = random.fork('smoke test');
    const timer = clock.after(SMOKE_TEST_TIMEOUT_MS, () => {
      this.#late = true;
      this.#call?.cancel(new GatewayError('BGW_ERR_RESPONSE_TIMEOUT'));
    });
    try {
      for (const check of checks) {
        for (let count = 0; count < check.requests; count++) {
          this.#call = new Call(rayIds.hex16(), clock);
          const problem = this.#judge(check, this.#call, await this.#ask(check, this.#call));
          if (problem !== null) return problem;
        }
      }
      return null;
    } finally {
      timer.cancel();
      this.#kept.close();
    }
  }

  async #ask({ path, headers: own }: SmokeCheck, call: Call): Promise<Answer> {
    const method = 'GET';
    const fields: Headers = { 'user-agent': SMOKE_TEST_AGENT, ...own };
    const raw = {
      ...{ method, url: path, headers: { ...fields }, httpVersion: '1.1', httpVersionMajor: 1 },
      socket: { remoteAddress: CLIENT },
    } as unknown as IncomingMessage;
    call.key = keyOf(raw, call, this.#config.hashOn);
    const headers = prepareRequestHeaders(raw, fields, call.rayId, this.#config.listener.forwarded);
    try {
      const refusal = this.#generation.rules?.judge(raw, call.rayId) ?? null;
      if (refusal !== null) throw new GatewayError(refusal.code);
      return { status: await this.#send({ method, path, headers, body: null }, call), cause: '' };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { status: statusIn(this.#config.statusDialect, error.code), cause: causeOf(error.code) };
    }
  }

  /** @throws GatewayError also when the body breaks off. */
  async #send(request: ProxyRequest, call: Call): Promise<number> {
    const response = await this.#generation.handle(request, call);
    const end = await new Promise<GatewayError | null>((resolve) => {
      response.onEnd(resolve);
      call.onCancel((error) => response.destroy(error));
      response.relay(DISCARD);
    });
    if (end !== null) throw end;
    return response.statusCode;
  }

  /** @returns what is wrong with an answer; `null`: nothing. */
  #judge(check: SmokeCheck, { tried }: Call, { status, cause }: Answer): string | null {
    const { path, upstreams } = check;
    const upstream = tried.at(-1) ?? '';
    const from = upstream === '' ? '' : ` from ${upstream}`;
    if (this.#late) {
      const limit = formatDuration(SMOKE_TEST_TIMEOUT_MS);
      return `its smoke test waited for ${path}${from} when ${limit} were over; ask for less, or shorten \`timeouts\``;
    }
    const got = `its smoke test asked for ${path} and got ${status}${cause === '' ? '' : ` (${cause})`}${from}`;
    if (check.status === null ? status >= 400 : status !== check.status) {
      return `${got}, where ${check.status ?? 'a status below 400'} is wanted`;
    }
    return upstreams === null || upstreams.includes(upstream)
      ? null
      : `${got}, where ${upstreams.join(' or ')} has to answer`;
  }
}

/** Asks one thing after another, until an answer is not as it should be. @returns what is wrong; `null`: nothing. */
export const smokeTest = async (
  config: GatewayConfig,
  checks: readonly SmokeCheck[],
  around: Surroundings,
): Promise<SmokeFailure | null> => {
  let reason: string | null;
  try {
    reason = await new SmokeTest(config, around).run(checks);
  } catch (error) {
    // A version of which nothing can be made, as without a test.
    reason = (error as Error).message;
  }
  return reason === null ? null : { status: 422, reason };
};
