/**
 * Rules at the door. Each is a variable that is 1 where all that it names fits; the first of them that is 1 decides,
 * in one map.
 */
import { parseNetwork } from '../../../gateway/config/networks.js';
import type { RuleConfig } from '../../../gateway/config/rules.js';
import { block } from '../text.js';
import { type Draft, missing, otherwise } from './draft.js';
import { addRateLimit } from './limits.js';
import { toPcre } from './pcre.js';
import { pathPattern, quote } from './words.js';

/** A condition of a rule: the block that makes its variable, 0 or 1. */
interface Condition {
  readonly variable: string;
  readonly lines: readonly string[];
}

/** Names of fields that a variable of nginx can have. */
const FIELD = /^[a-z0-9_-]+$/;

const regexKey = (pcre: string, ignoreCase: boolean): string =>
  `"${`~${ignoreCase ? '*' : ''}${pcre}`.replace(/["\\]/g, '\\$&')}"`;

/** What does not translate, as paths below the rule. */
type Untold = readonly string[];

const conditionsOf = (rule: RuleConfig, prefix: string): readonly [Condition[], Untold[]] => {
  const conditions: Condition[] = [];
  const untold: Untold[] = [];
  const add = (source: string, keys: readonly string[], kind: 'map' | 'geo' = 'map'): void => {
    const variable = `$${prefix}_${conditions.length + 1}`;
    const yes = keys.map((key) => `${key} 1;`);
    conditions.push({ variable, lines: block(`${kind} ${source} ${variable}`, ['default 0;', ...yes]) });
  };
  const addPattern = (source: string, pattern: string, path: Untold): void => {
    const pcre = toPcre(pattern);
    if (pcre === null) untold.push(path);
    else add(source, [regexKey(pcre, rule.ignoreCase)]);
  };
  if (rule.methods !== null) add('$request_method', [...new Set(rule.methods)]);
  if (rule.path !== null) add('$request_uri', [quote(`~${pathPattern(rule.path, '/|\\?')}`)]);
  if (rule.clients.length > 0) {
    const networks = rule.clients.filter((text) => parseNetwork(text) !== null);
    if (networks.length < rule.clients.length) untold.push(['clients']);
    add('$remote_addr', [...new Set(networks)], 'geo');
  }
  if (rule.pattern !== null) addPattern('$request_uri', rule.pattern, ['pattern']);
  for (const [name, pattern] of Object.entries(rule.headers)) {
    if (!FIELD.test(name)) untold.push(['headers', name]);
    else addPattern(`$http_${name.replaceAll('-', '_')}`, pattern, ['headers', name]);
  }
  return [conditions, untold];
};

/** Writes `$rule_N`. @returns whether the rule is there. */
const writeRule = (draft: Draft, rule: RuleConfig, index: number): boolean => {
  const { http } = draft;
  const prefix = `rule_${index + 1}`;
  const path = ['rules', String(index)];
  const [conditions, untold] = conditionsOf(rule, prefix);
  if (rule.action === 'log') missing(draft, path, 'whom it fits is not told');
  for (const below of untold) {
    missing(draft, [...path, ...below], 'nginx has no equal of it, so the rule is left out');
  }
  if (rule.action === 'log' || untold.length > 0) return false;
  http.push('', `# Rule ${JSON.stringify(rule.name)}: ${rule.action}.`);
  for (const { lines } of conditions) http.push(...lines);
  const all = conditions.map(({ variable }) => `\${${variable.slice(1)}}`).join('');
  http.push(
    ...(conditions.length === 0
      ? block(`map $remote_addr $${prefix}`, ['default 1;'])
      : block(`map "${all}" $${prefix}`, ['default 0;', `${'1'.repeat(conditions.length)} 1;`])),
  );
  return true;
};

const writeLimit = (draft: Draft, rule: RuleConfig, index: number): void => {
  if (rule.rateLimit === null) return;
  const zone = `rule_${index + 1}`;
  draft.http.push(
    ...block(`map $rule $${zone}_client`, [`${index + 1} $binary_remote_addr;`, "default '';"]),
  );
  const path = ['rules', String(index), 'rateLimit'];
  addRateLimit(draft, zone, `$${zone}_client`, { options: rule.rateLimit, path });
};

/** @returns whether it answers every request itself, because there are more rules than there is room for. */
const overflows = (draft: Draft): boolean => {
  const { rules, ruleTable } = draft.config;
  if (ruleTable === null || rules.length <= ruleTable.size) return false;
  if (ruleTable.overflow === 'fail-closed')
    draft.server.push('', '# More rules than there is room for.', 'return 500;');
  return true;
};

export const writeRules = (draft: Draft): void => {
  const { rules, ruleGuard } = draft.config;
  const { http, server } = draft;
  if (ruleGuard !== null) missing(draft, ['ruleGuard'], 'no rule is switched off for the time it takes');
  if (rules.length === 0 || overflows(draft)) return;
  const there = rules.map((rule, index) => writeRule(draft, rule, index));
  const asked = rules.flatMap((_rule, index) => (there[index] ? [index] : []));
  if (rules.some(({ pattern, headers }) => pattern !== null || Object.keys(headers).length > 0)) {
    const text = 'expressions run in PCRE, which gives up after so many steps and then fits nothing';
    otherwise(draft, ['rules'], text);
  }
  if (asked.length === 0) return;
  const first = asked.map((index, place) => `"~^0{${place}}1" ${index + 1};`);
  http.push('', '# The first rule that fits; 0: none.');
  http.push(
    ...block(`map "${asked.map((index) => `\${rule_${index + 1}}`).join('')}" $rule`, [
      'default 0;',
      ...first,
    ]),
  );
  const blocking = asked.filter((index) => rules[index]!.action === 'block');
  if (blocking.length > 0) {
    const numbers = blocking.map((index) => index + 1).join('|');
    server.push('', '# Rules that block.', ...block(`if ($rule ~ "^(${numbers})$")`, ['return 403;']));
  }
  for (const index of asked) {
    if (rules[index]!.action === 'rate-limit') writeLimit(draft, rules[index]!, index);
  }
};
