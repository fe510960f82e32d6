/** Rules as filters that refuse (RBAC): one for each rule that blocks, which spares whoever an earlier one let in. */
import { parseNetwork } from '../../../gateway/config/networks.js';
import type { RuleConfig } from '../../../gateway/config/rules.js';
import { goExpression } from '../go-expressions.js';
import { extension, type Fields, type Parts } from './words.js';

/** A rule by what it looks at: the request, and who sends it; `null`: whatever it is. */
interface Match {
  readonly permission: Fields | null;
  readonly principal: Fields | null;
}

/** Each rule that lets in by request and by client doubles the ways in which another can fit. */
const MAX_POLICIES = 32;

/** Envoy's expressions have to fit the whole of a text. */
const found = (expression: string): Fields => ({ safe_regex: { regex: `(?s:.*)(?:${expression})(?s:.*)` } });

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const all = (conditions: readonly Fields[], key: 'and_rules' | 'and_ids'): Fields | null => {
  const [first, ...rest] = conditions;
  if (first === undefined) return null;
  if (rest.length === 0) return first;
  return { [key]: key === 'and_rules' ? { rules: conditions } : { ids: conditions } };
};

/** @returns `null` where RE2 has no means for one of its expressions. */
const matchOf = ({ methods, path, pattern, headers, clients, ignoreCase }: RuleConfig): Match | null => {
  const conditions: Fields[] = [];
  if (methods !== null) {
    conditions.push({
      header: { name: ':method', string_match: { safe_regex: { regex: methods.join('|') } } },
    });
  }
  if (path !== null) {
    const regex = path.endsWith('/') ? `${escaped(path)}(?s:.*)` : `${escaped(path)}(?:/(?s:.*))?`;
    conditions.push({ url_path: { path: { safe_regex: { regex } } } });
  }
  const expressions = [
    ...(pattern === null ? [] : [[':path', pattern] as const]),
    ...Object.entries(headers),
  ];
  for (const [name, expression] of expressions) {
    const regex = goExpression(expression, false);
    if (regex === null) return null;
    const text = ignoreCase ? `(?i:${regex})` : regex;
    const treatMissing = name === ':path' ? {} : { treat_missing_header_as_empty: true };
    conditions.push({ header: { name, string_match: found(text), ...treatMissing } });
  }
  const networks = clients.flatMap((client) => parseNetwork(client) ?? []);
  const ids: Fields[] = networks.map(({ address, prefix }) => ({
    direct_remote_ip: { address_prefix: address, prefix_len: prefix },
  }));
  return {
    permission: all(conditions, 'and_rules'),
    principal: ids.length > 1 ? { or_ids: { ids } } : (ids[0] ?? null),
  };
};

/** Both of them, where each may be whatever it is. */
const and = (left: Match, right: Match): Match => ({
  permission: all(
    [left.permission, right.permission].filter((one) => one !== null),
    'and_rules',
  ),
  principal: all(
    [left.principal, right.principal].filter((one) => one !== null),
    'and_ids',
  ),
});

/** The ways of not fitting; none: it fits everything. */
const negated = ({ permission, principal }: Match): Match[] => [
  ...(permission === null ? [] : [{ permission: { not_rule: permission }, principal: null }]),
  ...(principal === null ? [] : [{ permission: null, principal: { not_id: principal } }]),
];

const policies = (match: Match, letIn: readonly Match[]): Match[] =>
  letIn.reduce<Match[]>(
    (ways, one) => ways.flatMap((way) => negated(one).map((not) => and(way, not))),
    [match],
  );

const filterOf = (rule: RuleConfig, ways: readonly Match[]): Fields =>
  extension('envoy.filters.http.rbac', 'envoy.extensions.filters.http.rbac.v3.RBAC', {
    rules: {
      action: 'DENY',
      policies: Object.fromEntries(
        ways.map(({ permission, principal }, index) => [
          ways.length === 1 ? rule.name : `${rule.name} ${index + 1}`,
          { permissions: [permission ?? { any: true }], principals: [principal ?? { any: true }] },
        ]),
      ),
    },
  });

/** @returns filters in the order of the rules. */
export const ruleFilters = ({ state: { config }, losses }: Parts): Fields[] => {
  if (config.ruleTable !== null) losses.missing(['ruleTable'], 'Envoy has room for any number of rules');
  if (config.ruleGuard !== null) {
    losses.otherwise(
      ['ruleGuard'],
      'no rule is taken out; expressions of RE2 take a time that grows with the text only',
    );
  }
  const letIn: Match[] = [];
  return config.rules.flatMap((rule, index) => {
    const path = ['rules', String(index)];
    if (rule.action === 'log') losses.missing(path, 'nobody is told that a rule has fitted');
    if (rule.action === 'rate-limit') {
      losses.missing(
        [...path, 'rateLimit'],
        'Envoy counts no clients one by one without a service for it; all are let in',
      );
    }
    const match = matchOf(rule);
    if (match === null) {
      losses.missing(
        path,
        'its expression looks ahead, behind or back, which expressions of Envoy (RE2) cannot',
      );
      return [];
    }
    if (rule.action === 'allow' || rule.action === 'rate-limit') letIn.push(match);
    if (rule.action !== 'block') return [];
    const ways = policies(match, letIn);
    if (ways.length > MAX_POLICIES) {
      losses.missing(path, 'too many rules before it let in by request and by client at once');
      return [];
    }
    return ways.length === 0 ? [] : [filterOf(rule, ways)];
  });
};
