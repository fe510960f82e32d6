/** Stick tables and what counts in them: how often a client may ask. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { Directive } from './document.js';
import type { Notes } from './notes.js';
import { linesWith, type ProxySection, timeMs } from './proxies.js';

type RateLimitSection = NonNullable<GatewaySection['rateLimit']>;

interface Table {
  readonly line: Directive;
  readonly keyedByClient: boolean;
  readonly size: number | null;
  /** By what is counted, such as `http_req_rate`, over how long. */
  readonly periodsMs: ReadonlyMap<string, number>;
}

const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

const sizeOf = (text: string | undefined): number | null => {
  const [, amount, unit = ''] = /^(\d+)([kmg])?$/i.exec(text ?? '') ?? [];
  return amount === undefined ? null : Number(amount) * SIZES[unit.toLowerCase()]!;
};

const after = (words: readonly string[], word: string): string | undefined => {
  const at = words.indexOf(word);
  return at === -1 ? undefined : words[at + 1];
};

/** `stick-table` lines by the name of their proxy. */
export const tablesOf = (proxies: readonly ProxySection[]): Map<string, Table> => {
  const tables = new Map<string, Table>();
  for (const proxy of proxies) {
    const line = linesWith(proxy, 'stick-table').at(-1);
    if (line === undefined) continue;
    const stored = after(line.words, 'store') ?? '';
    const periodsMs = new Map<string, number>();
    for (const [, name, period] of stored.matchAll(/([a-z0-9_]+)\(([^)]+)\)/g)) {
      periodsMs.set(name!, timeMs(period) ?? 0);
    }
    const type = after(line.words, 'type');
    tables.set(proxy.section.name, {
      ...{ line, periodsMs, keyedByClient: type === 'ip' || type === 'ipv6' },
      size: sizeOf(after(line.words, 'size')),
    });
  }
  return tables;
};

/** `sc0_http_req_rate(T) gt 100`, `sc_http_req_rate(0) gt 100`, `src_http_req_rate gt 100`. */
const RATE =
  /^(?:sc(?<own>\d)?_|src_)(?<counted>http_req_rate|conn_rate|gpc0_rate)(?:\((?<argument>[^)]*)\))? (?<sign>gt|ge) (?<limit>\d+)$/;

export interface RateRead {
  readonly rateLimit: RateLimitSection;
  readonly table: Directive;
}

/** A rate without an exponent, and with all of its digits. */
const rateText = (perSecond: number): string =>
  perSecond >= 1e-3 ? `${Number(perSecond.toPrecision(15))}/s` : `${(perSecond * 3600).toFixed(12)}/h`;

export class RateLimits {
  readonly #tables: ReadonlyMap<string, Table>;
  /** What each of a request's counters is kept in. */
  readonly #tracked = new Map<string, string>();
  readonly #own: string;

  constructor(tables: ReadonlyMap<string, Table>, own: string) {
    this.#tables = tables;
    this.#own = own;
  }

  /** @returns whether a line counts its client. */
  track(words: readonly string[], notes: Notes, line: Directive): boolean {
    const action = words.find((word) => /^track-sc\d$/.test(word));
    const increments = words.find((word) => /^sc-inc-gpc0\(\d\)$/.test(word));
    if (increments !== undefined) notes.say(line, 'understood', 'what is let in is counted');
    if (action === undefined) return increments !== undefined;
    const key = words[words.indexOf(action) + 1];
    this.#tracked.set(action.at(-1)!, after(words, 'table') ?? this.#own);
    const byClient = key === 'src';
    notes.say(line, byClient ? 'understood' : 'lost', byClient ? 'by address of the client' : `by ${key}`);
    return true;
  }

  /** @param text of a condition in braces. @returns `null`: it is of no rate that the section can say. */
  read(text: string): RateRead | null {
    const found = RATE.exec(text)?.groups;
    if (found === undefined) return null;
    const { own, counted = '', argument = '', sign, limit } = found;
    const named = /^\d$/.test(argument) ? undefined : argument || undefined;
    const counter = own ?? (/^\d/.test(argument) ? argument[0] : undefined);
    const name = named ?? (counter === undefined ? this.#own : this.#tracked.get(counter));
    const table = this.#tables.get(name ?? '');
    const periodMs = table?.periodsMs.get(counted);
    if (table === undefined || periodMs === undefined || periodMs === 0 || !table.keyedByClient) return null;
    // A rate of requests counts the one that asks; our own form counts what was let in before it.
    const burst = Number(limit) - (sign === 'ge' && counted !== 'gpc0_rate' ? 1 : 0);
    if (burst < 1) return null;
    const clients = table.size === null ? {} : { maxClients: table.size };
    return {
      rateLimit: { rate: rateText((burst * 1000) / periodMs), burst, ...clients },
      table: table.line,
    };
  }
}
