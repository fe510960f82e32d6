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

const STATUSES: Readonly<Record<string, string>> = { block: '403', 'rate-limit': '429' };

/** What an action answers with, where it says so. */
const statusIn = (action: readonly string[]): string | null => {
  const at = action.findIndex((word) => word === 'deny_status' || word === 'status');
  return at === -1 ? null : (action[at + 1] ?? null);
};

export const readRules = (proxy: ProxySection, limits: RateLimits, notes: Notes): RulesRead => {
  const rules: RuleSection[] = [];
  let rateLimit: RulesRead['rateLimit'];
  /** Of the rule before, where it was of a rate. */
  let limited: string | null = null;
  const said = (line: Directive, matchers: readonly Matcher[], what: string, nearly: string | null): void => {
    const differs = nearly ?? matchers.find((matcher) => matcher.nearly !== null)?.nearly ?? null;
    const note = differs === null ? what : `${what}; ${differs}`;
    for (const one of [line, ...proxy.acls.linesOf(cutCondition(line.words).condition)]) {
      notes.say(one, differs === null ? 'understood' : 'nearly', note);
    }
  };
  for (const line of proxy.lines) {
    const [first = '', kind = ''] = line.words;
    if (first !== 'http-request' && first !== 'tcp-request') continue;
    if (limits.track(line.words, notes, line)) continue;
    const { action, sign, condition } = cutCondition(line.words);
    const isOwnAllow = kind === 'set-var(txn.let_in)';
    const verb =
      first === 'tcp-request' ? action.find((word) => word === 'reject') : isOwnAllow ? 'allow' : kind;
    if (!['deny', 'tarpit', 'reject', 'allow'].includes(verb ?? '') || notes.has(line)) continue;
    const { rate, others, named } = withoutRate(condition, proxy, limits);
    const matchers = sign === 'unless' ? null : proxy.acls.read(others, LET_IN);
    const spared = matchers === null && sign === 'if' && rate === null ? sparedBy(others, proxy) : null;
    if (spared !== null && verb !== 'allow') {
      rules.push(...rulesOf(spared.spared, { action: 'allow' }), ...rulesOf(spared.all, { action: 'block' }));
      said(
        line,
        spared.all,
        'rules: allow some, block the others',
        'whom the first lets in no later rule asks',
      );
      continue;
    }
    if (matchers === null) {
      notes.say(line, 'lost', 'a rule cannot say this condition');
      continue;
    }
    if (isOwnAllow && limited === others.join(' ')) {
      said(line, matchers, 'the rule before lets in what is below its rate', null);
      continue;
    }
    const isAllow = verb === 'allow';
    const kindOfRule = isAllow ? 'allow' : rate === null ? 'block' : 'rate-limit';
    const wanted = STATUSES[kindOfRule];
    const status = statusIn(action) ?? (verb === 'deny' ? '403' : null);
    const nearly =
      isAllow || status === wanted ? null : `refused with ${wanted}, not ${status ?? 'a closed connection'}`;
    if (rate !== null && !isAllow) {
      notes.say(rate.table, 'understood', 'rateLimit: by address of the client');
      for (const one of named) notes.say(one, 'understood', `at most ${rate.rateLimit.burst}`);
    }
    if (kindOfRule === 'rate-limit' && others.length === 0 && rateLimit === undefined) {
      rateLimit = rate!.rateLimit;
      said(line, matchers, `rateLimit: ${rateLimit.rate}, burst ${rateLimit.burst}`, nearly);
      continue;
    }
    limited = kindOfRule === 'rate-limit' ? others.join(' ') : null;
    const extra = kindOfRule === 'rate-limit' ? { rateLimit: rate!.rateLimit } : {};
    rules.push(...rulesOf(matchers, { action: kindOfRule, ...extra }));
    said(line, matchers, `rules: ${kindOfRule}`, nearly);
  }
  return { rules, rateLimit };
};
