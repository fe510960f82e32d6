/** `rules`, `ruleGuard`, `ruleTable` and `rateLimit`: who is let in, before a backend is chosen. */
import type { RuleConfig } from '../../../gateway/config/rules.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import type { TokenBucketOptions } from '../../../policies/token-bucket.js';
import type { Loss } from '../target.js';
import { LIMITS_PREFIX } from './layout.js';
import {
  count,
  isFieldName,
  isPrintable,
  lost,
  missing,
  NOTHING,
  otherwise,
  type Part,
  quoted,
  wholeMs,
} from './words.js';

/** Said once a rule has let the request in: an `http-request allow` would skip what comes after the rules, too. */
const LET_IN = 'txn.let_in';

/** Paths that begin with another by whole segments: the same, or the same and a slash. */
export const pathAcl = (name: string, path: string): string[] => {
  const begins = `acl ${name} path -m beg -- ${quoted(path.endsWith('/') ? path : `${path}/`)}`;
  return path.endsWith('/') ? [begins] : [`acl ${name} path -m str -- ${quoted(path)}`, begins];
};

/**
 * Whether PCRE2 reads an expression as JavaScript does: none of what only one of them knows, or what means something
 * else to the other. Too careful rather than too bold, since HAProxy starts with no expression that it cannot read.
 */
const isCommonPattern = (pattern: string): boolean =>
  isPrintable(pattern) &&
  ![
    // Escapes that are not of both, or of neither.
    /\\[^dDwWsSbBnrtf.*+?^$()[\]{}|/\\-]/,
    // A class that is empty, one within another, and a range that ends in a class.
    /\[\^?\]/,
    /\[[^\]]*(?:\[[:.=]|-\\[dDwWsS]|\\[dDwWsS]-[^\]])/,
    // Groups of other kinds than those that only look.
    /\(\?(?![:=!])/,
    /\{\d{5}/,
  ].some((foreign) => foreign.test(pattern));

interface TableOptions {
  readonly name: string;
  /** Which of a request's three counters it is. */
  readonly counter: 0 | 1;
  readonly options: TokenBucketOptions;
  /** What has to hold for it, such as `if rule-1`; empty: nothing. */
  readonly when: readonly string[];
}

/** A bucket that holds `burst` and gains `rateRps` is full again after this long. */
const windowMs = ({ rateRps, burst }: TokenBucketOptions): number => wholeMs((burst / rateRps) * 1000);

/** What was refused is not counted, or a client that asks on would never be let in again. */
const limitLines = ({ name, counter, options, when }: TableOptions): string[] => {
  const condition = when.length === 0 ? [] : ['if', ...when];
  const full = `{ sc${counter}_gpc0_rate(${name}) ge ${options.burst} }`;
  return [
    ['http-request', `track-sc${counter}`, 'src', 'table', name, ...condition].join(' '),
    ['http-request deny deny_status 429 if', ...when, full].join(' '),
    ['http-request', `sc-inc-gpc0(${counter})`, ...condition].join(' '),
  ];
};

/** A section of its own, because a frontend has room for one table. */
const tableLines = (name: string, options: TokenBucketOptions): string[] => {
  const period = windowMs(options);
  const seconds = Math.max(1, Math.ceil((2 * period) / 1000));
  return [
    '',
    `backend ${name}`,
    `    # The clients that are known, and how much each was let in over the last ${period} ms.`,
    `    stick-table type ip size ${count(options.maxClients)} expire ${Math.min(seconds, 2_000_000)}s store gpc0,gpc0_rate(${period}ms)`,
  ];
};

const windowLoss = (path: readonly string[], options: TokenBucketOptions): Loss =>
  otherwise(
    path,
    `${options.burst} requests within ${windowMs(options)} ms, counted over a window that slides, in place of a bucket that fills`,
  );

/** The ACLs of a rule, all of which have to hold, or why there are none. */
const matchersOf = (
  rule: RuleConfig,
  name: string,
): { readonly acls: string[]; readonly names: string[] } | string => {
  const acls: string[] = [];
  const names: string[] = [];
  const flags = rule.ignoreCase ? '-i ' : '';
  const add = (suffix: string, ...lines: readonly string[]): void => {
    names.push(`${name}-${suffix}`);
    acls.push(...lines);
  };
  if (rule.methods !== null) add('method', `acl ${name}-method method -- ${rule.methods.join(' ')}`);
  if (rule.clients.length > 0) add('client', `acl ${name}-client src -- ${rule.clients.join(' ')}`);
  if (rule.path !== null) {
    if (!isPrintable(rule.path)) return 'its path is none that a request can have';
    add('path', ...pathAcl(`${name}-path`, rule.path));
  }
  if (rule.pattern !== null) {
    if (!isCommonPattern(rule.pattern)) return 'its expression may mean something else to PCRE2';
    add('url', `acl ${name}-url pathq -m reg ${flags}-- ${quoted(rule.pattern)}`);
  }
  for (const [index, [field, pattern]] of Object.entries(rule.headers).entries()) {
    if (!isFieldName(field) || !isCommonPattern(pattern)) {
      return `what it says of ${field} may mean something else to HAProxy and PCRE2`;
    }
    const acl = `${name}-field-${index + 1}`;
    const absent = new RegExp(pattern).test('') ? [`acl ${acl} req.fhdr_cnt(${field}) eq 0`] : [];
    add(
      `field-${index + 1}`,
      `acl ${acl} req.fhdr(${field}) -m reg ${flags}-- ${quoted(pattern)}`,
      ...absent,
    );
  }
  return { acls, names };
};

const rulePart = (rule: RuleConfig, index: number, tables: string[]): Part => {
  const path = ['rules', String(index)];
  if (rule.action === 'log') {
    return { lines: [], losses: [missing(path, `rule ${rule.name}: nobody is told when it fits`)] };
  }
  const name = `rule-${index + 1}`;
  const matchers = matchersOf(rule, name);
  if (typeof matchers === 'string') {
    return { lines: [], losses: [missing(path, `rule ${rule.name} is not there: ${matchers}`)] };
  }
  const when = [...matchers.names, `!{ var(${LET_IN}) -m bool }`];
  if (rule.action === 'block') {
    return {
      lines: [...matchers.acls, `http-request deny deny_status 403 if ${when.join(' ')}`],
      losses: [],
    };
  }
  const letIn = `http-request set-var(${LET_IN}) bool(true) if ${when.join(' ')}`;
  if (rule.rateLimit === null) return { lines: [...matchers.acls, letIn], losses: [] };
  const table = `${LIMITS_PREFIX}${name}`;
  tables.push(...tableLines(table, rule.rateLimit));
  const limit = limitLines({ name: table, counter: 1, options: rule.rateLimit, when });
  return {
    lines: [...matchers.acls, ...limit, letIn],
    losses: [windowLoss([...path, 'rateLimit'], rule.rateLimit)],
  };
};

export interface RulesPart extends Part {
  /** Sections of their own. */
  readonly tables: readonly string[];
}

/** The rules of a table that holds them; with more, it is full, and all fare the same. */
const rulesLines = ({ rules, ruleTable }: GatewayConfig, tables: string[]): Part => {
  if (ruleTable !== null && rules.length > ruleTable.size) {
    const closed = ruleTable.overflow === 'fail-closed';
    return { lines: closed ? ['http-request deny deny_status 500'] : [], losses: [] };
  }
  const parts = rules.map((rule, index) => rulePart(rule, index, tables));
  return {
    lines: parts.flatMap(({ lines }) => lines),
    losses: parts.flatMap(({ losses }) => losses),
  };
};

export const rulesPart = (config: GatewayConfig): RulesPart => {
  const { ruleGuard, rateLimit } = config;
  const tables: string[] = [];
  const rules = rulesLines(config, tables);
  const limit: Part = rateLimit === null ? NOTHING : rateLimitPart(rateLimit, tables);
  const notes = {
    rules: rules.lines.length > 0 ? ['# rules: the first that fits decides.'] : [],
    limit: limit.lines.length > 0 ? ['# rateLimit: by the address of the client.'] : [],
  };
  const unguarded = missing(['ruleGuard'], 'an expression that burns the processor goes on burning it');
  return {
    lines: [...notes.rules, ...rules.lines, ...notes.limit, ...limit.lines],
    losses: [...rules.losses, ...limit.losses, ...lost(ruleGuard !== null && unguarded)],
    tables,
  };
};

const rateLimitPart = (options: TokenBucketOptions, tables: string[]): Part => {
  const name = `${LIMITS_PREFIX}clients`;
  tables.push(...tableLines(name, options));
  return {
    lines: limitLines({ name, counter: 0, options, when: [] }),
    losses: [windowLoss(['rateLimit'], options)],
  };
};
