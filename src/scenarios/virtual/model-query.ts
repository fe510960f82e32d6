/** Asks a DNS server over the model of the network: what c-ares does over UDP for `gateway/names/dns-query.ts`. */
import { type DecodedPacket, decode, encode, RECURSION_DESIRED, type StringAnswer } from 'dns-packet';
import type { Clock, Timer } from '../../core/clock.js';
import { type DnsQuery, lookupError, TRIES, tryTimeoutMs } from '../../gateway/names/dns-query.js';
import type { Answer } from '../../gateway/names/name-record.js';
import type { Network } from './network.js';

/** What c-ares makes of a response code. */
const ERRORS: Readonly<Record<string, string>> = {
  FORMERR: 'EFORMERR',
  SERVFAIL: 'ESERVFAIL',
  NXDOMAIN: 'ENOTFOUND',
  NOTIMP: 'ENOTIMP',
  REFUSED: 'EREFUSED',
};

/** After these c-ares asks again at once, as long as it has tries left: another server might know better. */
const AGAIN: ReadonlySet<string> = new Set(['SERVFAIL', 'NOTIMP', 'REFUSED']);

/** As dns-packet decodes it; its types leave the code out. */
type Response = DecodedPacket & { readonly rcode?: string };

interface AskingParts {
  readonly network: Network;
  /** Of who asks. */
  readonly clock: Clock;
  /** HOST:PORT. */
  readonly server: string;
  readonly waitMs: number;
}

class Asking {
  readonly #parts: AskingParts;
  readonly #hostname: string;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  #sent = 0;
  #timer: Timer | null = null;
  #over = false;

  constructor(
    parts: AskingParts,
    hostname: string,
    [resolve, reject]: readonly [(answer: Answer) => void, (error: Error) => void],
  ) {
    this.#parts = parts;
    this.#hostname = hostname;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#send();
  }

  #send(): void {
    const { network, clock, server, waitMs } = this.#parts;
    const id = ++this.#sent;
    const question = { type: 'A', name: this.#hostname } as const;
    const packet = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [question] });
    this.#timer?.cancel();
    // Each wait is twice as long as the one before.
    this.#timer = clock.after(waitMs * 2 ** (id - 1), () => this.#again('ETIMEOUT'));
    network.sendPacket(server, packet, {
      clock,
      answered: (answer) => this.#onAnswer(decode(answer)),
      refused: () => this.#again('ECONNREFUSED'),
    });
  }

  #onAnswer({ id, rcode = '', answers = [] }: Response): void {
    if (this.#over) return;
    if (rcode !== 'NOERROR') {
      const error = ERRORS[rcode] ?? rcode;
      // An answer to a packet that was sent again is an answer, but no reason to send it once more.
      if (AGAIN.has(rcode) && id === this.#sent) this.#again(error);
      else this.#fail(error);
      return;
    }
    const found = answers.filter((answer): answer is StringAnswer => answer.type === 'A');
    if (found.length === 0) this.#end(() => this.#resolve('empty'));
    else {
      const ttlMs = 1000 * Math.min(...found.map(({ ttl = 0 }) => ttl));
      this.#end(() => this.#resolve({ addresses: found.map(({ data }) => data), ttlMs }));
    }
  }

  /** @param error what it is when there is no try left. */
  #again(error: string): void {
    if (this.#over) return;
    if (this.#sent < TRIES) this.#send();
    else this.#fail(error);
  }

  #fail(error: string): void {
    this.#end(() => this.#reject(lookupError(this.#hostname, error)));
  }

  #end(tell: () => void): void {
    this.#over = true;
    this.#timer?.cancel();
    tell();
  }
}

/** @param clock of the gateway that asks. */
export const modelQuery =
  (network: Network, clock: Clock) =>
  (server: string | null, timeoutMs: number): DnsQuery => ({
    // The system has no resolver here; a scenario that names another than its own is refused.
    ask: (hostname) =>
      new Promise((resolve, reject) => {
        const parts = { network, clock, server: server ?? '', waitMs: tryTimeoutMs(timeoutMs) };
        new Asking(parts, hostname, [resolve, reject]);
      }),
    close: () => {},
  });
