/**
 * Names of upstreams, resolved when a connection is made and at no other time: a request on a connection that is kept
 * costs nothing here, nor does an upstream that has an address.
 *
 * A name is looked up by one lookup at a time, whoever waits for it. The names are those of the config's upstreams, so
 * there are never more records than upstreams.
 */
import type { LookupFunction } from 'node:net';
import type { Clock } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import { type NamesConfig, resolveNames } from '../config/names.js';
import { type DnsQuery, dnsQuery, LookupError } from './dns-query.js';
import { type Answer, NameRecord, type Step } from './name-record.js';

export interface NamesParts {
  readonly config: NamesConfig;
  readonly query: DnsQuery;
  readonly clock: Clock;
  readonly emit: Emit;
}

interface Known {
  readonly record: NameRecord;
  /** Under way; `null`: none. */
  lookup: Promise<void> | null;
  /** Whether somebody has been told that it is served stale, since the last lookup that failed. */
  toldStale: boolean;
}

const IPV4 = 4;

export class Names {
  readonly #parts: NamesParts;
  readonly #known = new Map<string, Known>();
  #closed = false;

  constructor(parts: NamesParts) {
    this.#parts = parts;
  }

  /** The address for a connection that is made now. @throws LookupError */
  async resolve(hostname: string): Promise<string> {
    const { clock } = this.#parts;
    const known = this.#knownOf(hostname);
    let step = known.record.ask(clock.nowMs());
    if (step.kind === 'wait') {
      await this.#lookUp(hostname, known);
      step = known.record.settled(clock.nowMs());
    } else if (step.kind === 'address' && step.lookUp) void this.#lookUp(hostname, known);
    return this.#take(hostname, known, step);
  }

  /** For connections that Node makes. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.resolve(hostname).then(
      (address) => {
        if (options.all) callback(null, [{ address, family: IPV4 }]);
        else callback(null, address, IPV4);
      },
      (error) => callback(error, ''),
    );
  };

  close(): void {
    this.#closed = true;
    this.#parts.query.close();
  }

  #knownOf(hostname: string): Known {
    let known = this.#known.get(hostname);
    if (known === undefined) {
      known = { record: new NameRecord(this.#parts.config), lookup: null, toldStale: false };
      this.#known.set(hostname, known);
    }
    return known;
  }

  #take(hostname: string, known: Known, step: Exclude<Step, { kind: 'wait' }>): string {
    if (step.kind === 'failed') throw new LookupError(hostname, step.reason);
    if (step.staleMs > 0 && !known.toldStale) {
      known.toldStale = true;
      this.#parts.emit('name.served-stale', { name: hostname, staleMs: step.staleMs });
    }
    return step.address;
  }

  #lookUp(hostname: string, known: Known): Promise<void> {
    known.lookup ??= this.#askInTime(hostname)
      .then(
        (answer) => this.#onAnswer(hostname, known, answer),
        ({ reason }: LookupError) => this.#onFailure(hostname, known, reason),
      )
      .finally(() => {
        known.lookup = null;
      });
    return known.lookup;
  }

  /** c-ares doubles its waits and rounds them, so the time is kept here. */
  #askInTime(hostname: string): Promise<Answer> {
    const { query, clock, config } = this.#parts;
    return new Promise((resolve, reject) => {
      const timer = clock.after(config.timeoutMs, () => reject(new LookupError(hostname, 'timeout')));
      query
        .ask(hostname)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  #onAnswer(hostname: string, known: Known, answer: Answer): void {
    const { clock, emit } = this.#parts;
    const { record } = known;
    const nowMs = clock.nowMs();
    const { failingSinceMs, addresses: before } = record;
    record.onAnswer(answer, nowMs);
    if (answer === 'empty') {
      this.#tellFailure(hostname, known, answer);
      return;
    }
    if (failingSinceMs !== null) emit('name.recovered', { name: hostname, afterMs: nowMs - failingSinceMs });
    const [from, to] = [addressText(before), addressText(answer.addresses)];
    if (from !== '' && from !== to) emit('name.changed', { name: hostname, from, to });
  }

  #onFailure(hostname: string, known: Known, reason: string): void {
    known.record.onFailure(reason, this.#parts.clock.nowMs());
    this.#tellFailure(hostname, known, reason);
  }

  #tellFailure(name: string, known: Known, reason: string): void {
    known.toldStale = false;
    // Whatever is asked when it closes is cancelled, which is nobody's failure.
    if (!this.#closed) this.#parts.emit('name.lookup-failed', { name, reason });
  }
}

/** Servers give them in any order. */
const addressText = (addresses: readonly string[]): string => addresses.toSorted().join(', ');

export interface OpenNamesParts {
  /** `null`: the config has no such section. */
  readonly config: NamesConfig | null;
  /** Which the gateway was started with, for a config that names none. */
  readonly resolver: string | undefined;
  readonly clock: Clock;
  readonly emit: Emit;
  /** How a server is asked; default: by `node:dns`. */
  readonly openQuery?: typeof dnsQuery;
}

/** @returns `null`: nothing was said about names, and Node resolves them as it always does. */
export const openNames = ({
  config,
  resolver,
  clock,
  emit,
  openQuery = dnsQuery,
}: OpenNamesParts): Names | null => {
  if (config === null && resolver === undefined) return null;
  const own = config ?? resolveNames();
  const query = openQuery(own.resolver ?? resolver ?? null, own.timeoutMs);
  return new Names({ config: own, query, clock, emit });
};
