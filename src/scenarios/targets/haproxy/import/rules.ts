/** `http-request` lines of a frontend that let requests in or not. */
import type { GatewaySection } from '../../../../gateway/config.js';
import { cutCondition, type Matcher } from './conditions.js';
import type { Directive } from './document.js';
import type { RateLimits, RateRead } from './limits.js';
import type { Notes } from './notes.js';
import type { ProxySection } from './proxies.js';

type RuleSection = NonNullable<GatewaySection['rules']>[number];

export interface RulesRead {
  readonly rules: readonly RuleSection[];
  readonly rateLimit: GatewaySection['rateLimit'] | undefined;
}

/** Whether an earlier rule has let the request in, in configs of our own. */
const LET_IN: ReadonlySet<string> = new Set(['var(txn.let_in) -m bool']);

/** One rule for each path: a rule has one. */
const rulesOf = (
  matchers: readonly Matcher[],
  rest: Pick<RuleSection, 'action' | 'rateLimit'>,
): RuleSection[] =>
  matchers.flatMap(({ paths, methods, pattern, headers, clients, ignoreCase }) =>
    (paths.length === 0 ? [undefined] : paths).map((path) => ({
      ...(methods !== null && { methods: [...methods] }),
      ...(path !== undefined && { path }),
      ...(pattern !== null && { pattern }),
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(clients.length > 0 && { clients: [...clients] }),
      ...(ignoreCase && { ignoreCase: 'on' as const }),
      ...rest,
    })),
  );

/** Takes the condition of a rate out of the others. */
const withoutRate = (
  condition: readonly string[],
  proxy: ProxySection,
  limits: RateLimits,
): { readonly rate: RateRead | null; readonly others: string[]; readonly named: Directive[] } => {
  const others: string[] = [];
  const named: Directive[] = [];
  let rate: RateRead | null = null;
  for (let index = 0; index < condition.length; index++) {
    const word = condition[index]!;
    if (word === '{') {
      const end = condition.indexOf('}', index);
      const inner = condition.slice(index + 1, end);
      const found = limits.read(inner.join(' '));
      if (found === null) others.push(...condition.slice(index, end + 1));
      else rate = found;
      index = end;
      continue;
    }
    const lines = proxy.acls.linesOf([word]);
    const found = lines.length === 1 ? limits.read(lines[0]!.words.slice(2).join(' ')) : null;
    if (found === null || word.startsWith('!')) others.push(word);
    else {
      rate = found;
      named.push(...lines);
    }
  }
  return { rate, others, named };
};

/** `deny if A !B`: whoever is B too is let in, and then all of A are refused. */
const sparedBy = (
  condition: readonly string[],
  proxy: ProxySection,
): { readonly spared: Matcher[]; readonly all: Matcher[] } | null => {
  const negated = condition.filter((word) => /^![^{]/.test(word));
  const [only] = negated;
  if (only === undefined || negated.length > 1 || condition.includes('or') || condition.includes('||'))
    return null;
  const rest = condition.filter((word) => word !== only);
  const all = proxy.acls.read(rest, LET_IN);
  const spared = proxy.acls.read([...rest, only.slice(1)], LET_IN);
  return all && spared && { all, spared };
};

/** What an action answers with, where it says so. */
const statusIn = (action: readonly string[]): string | null => {
  const at = action.findIndex((word) => word === 'deny_status' || word === 'status');
  return at === -1 ? null : (action[at + 1] ?? null);
};

/** A line that lets requests in, or refuses them. */
interface Judging {
  readonly line: Directive;
  readonly verb: 'deny' | 'tarpit' | 'reject' | 'allow';
  /** As our own configs say `allow`. */
  readonly isOwnAllow: boolean;
  readonly status: string | null;
  readonly sign: 'if' | 'unless' | null;
  readonly condition: readonly string[];
}

const VERBS: readonly string[] = ['deny', 'tarpit', 'reject', 'allow'] satisfies Judging['verb'][];

const judgingIn = (line: Directive): Judging | null => {
  const [first = '', kind = ''] = line.words;
  if (first !== 'http-request' && first !== 'tcp-request') return null;
  const { action, sign, condition } = cutCondition(line.words);
  const isOwnAllow = kind === 'set-var(txn.let_in)';
  const spoken = first === 'tcp-request' ? action.find((word) => word === 'reject') : kind;
  const verb = isOwnAllow ? 'allow' : (spoken ?? '');
  if (!VERBS.includes(verb)) return null;
  const status = statusIn(action) ?? (verb === 'deny' ? '403' : null);
  return { ...{ line, isOwnAllow, status, sign, condition }, verb: verb as Judging['verb'] };
};

class RulesReader {
  readonly rules: RuleSection[] = [];
  rateLimit: GatewaySection['rateLimit'];
  readonly #proxy: ProxySection;
  readonly #limits: RateLimits;
  readonly #notes: Notes;
  /** The condition of the rule before, where it was of a rate. */
  #limited: string | null = null;

  constructor(proxy: ProxySection, limits: RateLimits, notes: Notes) {
    this.#proxy = proxy;
    this.#limits = limits;
    this.#notes = notes;
  }

  take(judging: Judging): void {
    const { line, verb, sign, condition } = judging;
    const { rate, others, named } = withoutRate(condition, this.#proxy, this.#limits);
    const matchers = sign === 'unless' ? null : this.#proxy.acls.read(others, LET_IN);
    if (matchers === null) {
      const spared = sign === 'if' && rate === null && verb !== 'allow' && sparedBy(others, this.#proxy);
      if (spared) this.#takeSpared(line, spared);
      else this.#notes.say(line, 'lost', 'a rule cannot say this condition');
    } else if (verb === 'allow') {
      this.#takeAllow(judging, matchers, others.join(' '));
    } else if (rate === null) {
      this.#limited = null;
      this.rules.push(...rulesOf(matchers, { action: 'block' }));
      this.#said(line, matchers, 'rules: block', refusedWith(judging, '403'));
    } else {
      this.#notes.say(rate.table, 'understood', 'rateLimit: by address of the client');
      for (const one of named) this.#notes.say(one, 'understood', `at most ${rate.rateLimit.burst}`);
      this.#takeRate(judging, rate, matchers, others.join(' '));
    }
  }

  #takeSpared(line: Directive, { spared, all }: { spared: Matcher[]; all: Matcher[] }): void {
    this.#limited = null;
    this.rules.push(...rulesOf(spared, { action: 'allow' }), ...rulesOf(all, { action: 'block' }));
    this.#said(line, all, 'rules: allow some, block the others', 'whom the first lets in no later rule asks');
  }

  #takeAllow({ line, isOwnAllow }: Judging, matchers: readonly Matcher[], condition: string): void {
    if (isOwnAllow && this.#limited === condition) {
      this.#said(line, matchers, 'the rule before lets in what is below its rate', null);
      return;
    }
    this.#limited = null;
    this.rules.push(...rulesOf(matchers, { action: 'allow' }));
    this.#said(line, matchers, 'rules: allow', null);
  }

  /** One that asks for nothing else is the limit of all clients; the section has one. */
  #takeRate(
    judging: Judging,
    { rateLimit }: RateRead,
    matchers: readonly Matcher[],
    condition: string,
  ): void {
    const nearly = refusedWith(judging, '429');
    if (condition === '' && this.rateLimit === undefined) {
      this.rateLimit = rateLimit;
      const text = `rateLimit: ${rateLimit.rate}, burst ${rateLimit.burst}`;
      this.#said(judging.line, matchers, text, nearly);
      return;
    }
    this.#limited = condition;
    this.rules.push(...rulesOf(matchers, { action: 'rate-limit', rateLimit }));
    this.#said(judging.line, matchers, 'rules: rate-limit', nearly);
  }

  #said(line: Directive, matchers: readonly Matcher[], what: string, nearly: string | null): void {
    const differs = nearly ?? matchers.find((matcher) => matcher.nearly !== null)?.nearly ?? null;
    const note = differs === null ? what : `${what}; ${differs}`;
    for (const one of [line, ...this.#proxy.acls.linesOf(cutCondition(line.words).condition)]) {
      this.#notes.say(one, differs === null ? 'understood' : 'nearly', note);
    }
  }
}

const refusedWith = ({ status }: Judging, wanted: string): string | null =>
  status === wanted ? null : `refused with ${wanted}, not ${status ?? 'a closed connection'}`;

export const readRules = (proxy: ProxySection, limits: RateLimits, notes: Notes): RulesRead => {
  const reader = new RulesReader(proxy, limits, notes);
  for (const line of proxy.lines) {
    if (limits.track(line.words, notes, line) || notes.has(line)) continue;
    const judging = judgingIn(line);
    if (judging !== null) reader.take(judging);
  }
  return { rules: reader.rules, rateLimit: reader.rateLimit };
};
