/**
 * Health checks, whoever makes them: one asks over HTTP, and a number of good or bad answers in a row turns the state.
 * `HealthState` decides and knows no time; `askHealth` asks.
 */
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from './clock.js';

export interface HealthThresholds {
  /** Good checks in a row that turn what was bad. */
  readonly rise: number;
  /** Bad checks in a row that turn what was good. */
  readonly fall: number;
}

export class HealthState {
  healthy: boolean;
  /** Checks in a row that spoke against the present state. */
  #against = 0;
  #decided: boolean;
  readonly #thresholds: HealthThresholds;

  /** @param known what counts until checks turn it; `null`: nothing is known, and the first check decides alone. */
  constructor(thresholds: HealthThresholds, known: boolean | null = null) {
    this.#thresholds = thresholds;
    this.#decided = known !== null;
    this.healthy = known ?? false;
  }

  /** @returns whether the state turned; a first check that decides always says something new. */
  onCheck(good: boolean): boolean {
    if (!this.#decided) {
      this.#decided = true;
      this.healthy = good;
      return true;
    }
    if (good === this.healthy) {
      this.#against = 0;
      return false;
    }
    if (++this.#against < (good ? this.#thresholds.rise : this.#thresholds.fall)) return false;
    this.healthy = good;
    this.#against = 0;
    return true;
  }
}

export interface Asked {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Of a host that is a name; default: Node's. */
  readonly lookup?: LookupFunction | undefined;
  /** Whom to believe, and the name that the certificate has to be for; default: plain HTTP. */
  readonly tls?: { readonly ca: Buffer | undefined; readonly servername: string } | null;
}

/**
 * Asks on a connection of its own, so that it sees what a new request would see.
 * @returns `null` for an answer of 200 to 399 in time, else what was wrong.
 */
export const askHealth = (
  { tls = null, ...asked }: Asked,
  timeoutMs: number,
  clock: Clock,
): Promise<string | null> =>
  new Promise((resolve) => {
    const ask = tls === null ? get : getSecurely;
    const secure = tls && { ca: tls.ca, servername: tls.servername };
    const request = ask({ ...asked, ...secure, agent: false }, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      finish(statusCode >= 200 && statusCode < 400 ? null : `answered ${statusCode}`);
    });
    const timer = clock.after(timeoutMs, () => finish(`no answer within ${timeoutMs}ms`));
    const finish = (problem: string | null): void => {
      timer.cancel();
      resolve(problem);
      // A good answer's body is not waited for: one that never ends it must not keep a connection each time.
      request.destroy();
    };
    request.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
