/**
 * Asks the gateways' admin APIs how they see the upstreams, while somebody watches: what nobody looks at costs a gateway
 * nothing.
 */
import { Agent } from 'node:http';
import type { Clock, Timer } from '../../core/clock.js';
import { isObject } from '../../core/json.js';
import type { UpstreamView } from '../../gateway/admin.js';
import { askJson } from '../control/ask-json.js';
import type { PlaceStatus } from '../front/front.js';

/** Half a second is soon enough for a circuit, and a gateway answers in less than a millisecond. */
export const ASK_MS = 500;

/** A gateway that stands still does not answer; the next question follows soon. */
const TIMEOUT_MS = 400;

export interface GatewayWatchParts {
  readonly clock: Clock;
  readonly front: () => readonly PlaceStatus[];
  /** Whether anybody looks. */
  readonly isWatched: () => boolean;
}

const isViews = (answer: unknown): answer is readonly UpstreamView[] =>
  Array.isArray(answer) && answer.every((one) => isObject(one) && typeof one.id === 'string');

export class GatewayWatch {
  readonly #parts: GatewayWatchParts;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #timer: Timer;
  /** By gateway, what it said last; nothing of one that did not answer. */
  readonly #views = new Map<string, readonly UpstreamView[]>();
  readonly #asking = new Set<string>();
  #stopped = false;

  constructor(parts: GatewayWatchParts) {
    this.#parts = parts;
    this.#timer = parts.clock.every(ASK_MS, () => this.#askAll());
  }

  /** One list for each gateway that tells. */
  get views(): readonly (readonly UpstreamView[])[] {
    return [...this.#views.values()];
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.cancel();
    this.#agent.destroy();
    this.#views.clear();
  }

  #askAll(): void {
    if (!this.#parts.isWatched()) {
      this.#views.clear();
      return;
    }
    for (const place of this.#parts.front()) {
      if (place.tier === 'gateway' && !this.#asking.has(place.id)) void this.#ask(place);
    }
  }

  async #ask({ id, up, host, adminPort: port }: PlaceStatus): Promise<void> {
    if (!up) {
      this.#views.delete(id);
      return;
    }
    this.#asking.add(id);
    try {
      const asked = { host, port, method: 'GET', path: '/upstreams', timeoutMs: TIMEOUT_MS } as const;
      const { body } = await askJson(asked, this.#agent);
      if (isViews(body) && !this.#stopped) this.#views.set(id, body);
    } catch {
      this.#views.delete(id);
    } finally {
      this.#asking.delete(id);
    }
  }
}
