/** Talks to the control API: what it lists, and orders; what it refuses is said in its own words. */
import type {
  ActionForm,
  Catalog,
  GatewayConfigAnswer,
  LoadAnswer,
  ScenarioAnswer,
} from '../../../scenarios/live/api.js';
import type {
  ChallengeAnswer,
  LessonAnswer,
  LessonRunAnswer,
} from '../../../scenarios/live/learn-answers.js';
import type { Order } from './commands.js';

/** What came of an order. */
export type Outcome =
  | { readonly done: true; readonly answer: unknown }
  | { readonly done: false; readonly message: string };

/** The server's own words; RFC 9457 has them in `detail`, Fastify in `message`. */
const messageOf = (status: number, text: string): string => {
  try {
    const said = JSON.parse(text) as { detail?: unknown; message?: unknown };
    for (const words of [said.detail, said.message]) if (typeof words === 'string') return words;
  } catch {
    // Not JSON: what there is says more than nothing.
  }
  return text.trim() === '' ? `refused with ${status}` : text.slice(0, 500);
};

export class Api {
  /** Whole, and with a slash at its end. */
  readonly address: string;

  /** Whether it asks whoever has not opened the page for a token. */
  readonly isGuarded: boolean;

  constructor(address: string, isGuarded: boolean) {
    this.address = address;
    this.isGuarded = isGuarded;
  }

  async send({ method, path, body = {} }: Omit<Order, 'said'>): Promise<Outcome> {
    try {
      const response = await fetch(new URL(path, this.address), {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) return { done: false, message: messageOf(response.status, text) };
      return { done: true, answer: text === '' ? null : (JSON.parse(text) as unknown) };
    } catch (error) {
      return { done: false, message: `the lab does not answer: ${(error as Error).message}` };
    }
  }

  catalog(): Promise<Catalog> {
    return this.#get('catalog');
  }

  /** What can be done to what runs now. */
  actions(): Promise<readonly ActionForm[]> {
    return this.#get('actions');
  }

  scenarios(): Promise<readonly ScenarioAnswer[]> {
    return this.#get('scenarios');
  }

  load(): Promise<LoadAnswer> {
    return this.#get('load');
  }

  gatewayConfig(): Promise<GatewayConfigAnswer> {
    return this.#get('gateway/config');
  }

  /** The config that workers read. */
  workerConfig(): Promise<GatewayConfigAnswer> {
    return this.#get('config');
  }

  lessons(): Promise<readonly LessonAnswer[]> {
    return this.#get('lessons');
  }

  /** `null`: it was not run yet. */
  async lessonRun(number: number): Promise<LessonRunAnswer | null> {
    const { run } = await this.#get<{ run: LessonRunAnswer | null }>(`lessons/${number}/run`);
    return run;
  }

  challenge(id: string): Promise<ChallengeAnswer> {
    return this.#get(`challenges/${id}`);
  }

  /** @throws an error with the server's words. */
  async #get<Answer>(path: string): Promise<Answer> {
    const response = await fetch(new URL(path, this.address));
    const text = await response.text();
    if (!response.ok) throw new Error(messageOf(response.status, text));
    return JSON.parse(text) as Answer;
  }
}
