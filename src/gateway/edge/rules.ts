/**
 * The rules at work: whether a request is let in. They are asked in order, and the first that fits decides.
 *
 * Regular expressions are V8's, which backtrack: one that is badly made takes time that grows with a power of the length
 * of what it is looked for in, and the event loop stands still meanwhile. That is how a rule of a firewall took Cloudflare
 * down on 2 July 2019. The guard watches how long each rule's expressions take, and switches off the one that burns.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import type { TokenBucketOptions, TokenBuckets } from '../../policies/token-bucket.js';
import type { RuleConfig, RuleTableConfig } from '../config/rules.js';
import type { GatewayConfig } from '../config.js';
import { isBelow } from '../routes.js';
import { Networks } from './networks.js';
import { originForm } from './request-checks.js';

/** Why a request is not let in. */
export interface RuleRefusal {
  /** Left out where none did it: the rate limit at the door, or a table with more rules than room. */
  readonly rule?: string;
  readonly code: 'BGW_ERR_BLOCKED' | 'BGW_ERR_RATE_LIMITED' | 'BGW_ERR_INTERNAL';
  /** Until another try is worth it; 0: it never is. */
  readonly waitMs: number;
}

const TABLE_FULL: RuleRefusal = { code: 'BGW_ERR_INTERNAL', waitMs: 0 };

export interface RulesParts {
  readonly config: Pick<GatewayConfig, 'rules' | 'ruleGuard' | 'ruleTable'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly emit: Emit;
  /** Of a rule, by its name; kept from one version of the config to the next. */
  readonly bucketsOf: (name: string, options: TokenBucketOptions) => TokenBuckets;
  /** Called with the time that the expressions of one rule took. */
  readonly onTook: (tookMs: number) => void;
}

type Finder = (raw: IncomingMessage, address: string) => boolean;

interface Rule {
  readonly config: RuleConfig;
  /** `null`: whoever it is. */
  readonly clients: Networks | null;
  /** Empty: it has no expressions. */
  readonly finders: readonly Finder[];
  readonly buckets: TokenBuckets | null;
  /** How long its expressions took in the guard's window, and when that began. */
  tookMs: number;
  windowFromMs: number;
  switchedOff: boolean;
}

const findersOf = ({ pattern, headers, ignoreCase }: RuleConfig): Finder[] => {
  const flags = ignoreCase ? 'i' : '';
  const finders = Object.entries(headers).map(([name, text]): Finder => {
    const expression = new RegExp(text, flags);
    return ({ headers: fields }) => expression.test(String(fields[name] ?? ''));
  });
  if (pattern !== null) {
    const expression = new RegExp(pattern, flags);
    finders.push((_raw, address) => expression.test(address));
  }
  return finders;
};

export class Rules {
  readonly #parts: RulesParts;
  readonly #rules: readonly Rule[];
  /** What becomes of requests where there are more rules than room; `null`: there is room. */
  readonly #overflow: RuleTableConfig['overflow'] | null;

  constructor(parts: RulesParts) {
    this.#parts = parts;
    const { rules, ruleTable } = parts.config;
    this.#overflow = ruleTable !== null && rules.length > ruleTable.size ? ruleTable.overflow : null;
    this.#rules = parts.config.rules.map((config) => {
      const { name, clients, rateLimit } = config;
      return {
        config,
        clients: clients.length === 0 ? null : new Networks(clients),
        finders: findersOf(config),
        buckets: rateLimit && parts.bucketsOf(name, rateLimit),
        tookMs: 0,
        windowFromMs: Number.NEGATIVE_INFINITY,
        switchedOff: false,
      };
    });
  }

  /** Whether requests are let in unasked, because there are more rules than room. */
  get bypassed(): boolean {
    return this.#overflow === 'fail-open';
  }

  /** @returns `null`: it is let in. */
  judge(raw: IncomingMessage, rayId: string): RuleRefusal | null {
    if (this.#overflow !== null) return this.bypassed ? null : TABLE_FULL;
    const address = originForm(raw.url ?? '') ?? raw.url ?? '';
    for (const rule of this.#rules) {
      if (rule.switchedOff || !this.#fits(rule, raw, address)) continue;
      const { name, action } = rule.config;
      switch (action) {
        case 'log':
          this.#parts.emit('rule.logged', { rayId, rule: name });
          continue;
        case 'allow':
          return null;
        case 'block':
          return { rule: name, code: 'BGW_ERR_BLOCKED', waitMs: 0 };
        case 'rate-limit': {
          const waitMs = rule.buckets!.take(raw.socket.remoteAddress ?? '', this.#parts.clock.nowMs());
          return waitMs === 0 ? null : { rule: name, code: 'BGW_ERR_RATE_LIMITED', waitMs };
        }
      }
    }
    return null;
  }

  /** What costs least is asked first. */
  #fits(rule: Rule, raw: IncomingMessage, address: string): boolean {
    const { methods, path } = rule.config;
    if (methods !== null && !methods.includes(raw.method ?? '')) return false;
    if (path !== null && !isBelow(address, path)) return false;
    if (rule.clients !== null && !rule.clients.has(raw.socket.remoteAddress ?? '')) return false;
    return rule.finders.length === 0 || this.#findsAll(rule, raw, address);
  }

  #findsAll(rule: Rule, raw: IncomingMessage, address: string): boolean {
    const { clock, onTook } = this.#parts;
    const fromMs = clock.nowMs();
    const found = rule.finders.every((finds) => finds(raw, address));
    const tookMs = clock.nowMs() - fromMs;
    onTook(tookMs);
    this.#watch(rule, fromMs, tookMs);
    return found;
  }

  #watch(rule: Rule, fromMs: number, tookMs: number): void {
    const {
      config: { ruleGuard: guard },
      emit,
    } = this.#parts;
    if (guard === null) return;
    if (fromMs - rule.windowFromMs >= guard.windowMs) {
      rule.windowFromMs = fromMs;
      rule.tookMs = 0;
    }
    rule.tookMs += tookMs;
    if (rule.tookMs <= guard.budgetMs) return;
    rule.switchedOff = true;
    emit('rule.switched-off', { rule: rule.config.name, tookMs: rule.tookMs });
  }
}
