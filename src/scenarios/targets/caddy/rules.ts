/** Rules, as matchers of Caddy's with an error for those who are not let in. */

import { parseNetwork } from '../../../gateway/config/networks.js';
import type { RuleConfig } from '../../../gateway/config/rules.js';
import { goExpression } from '../go-expressions.js';
import { block } from '../text.js';
import type { Proxying } from './proxying.js';
import { commentText, pathExpression, quoted } from './words.js';

/** Set by the first rule that lets a request in, so that none after it is asked. */
const VERDICT = 'rule-verdict';

/** @returns `null` where RE2 has no means for one of its expressions. */
const matcherOf = (rule: RuleConfig, name: string): string[] | null => {
  const { methods, path, pattern, headers, clients, ignoreCase } = rule;
  const networks = clients.filter((client) => parseNetwork(client) !== null);
  const address = pattern === null ? '' : goExpression(pattern, ignoreCase);
  const fields = Object.entries(headers).map(
    ([field, value]) => [field, goExpression(value, ignoreCase)] as const,
  );
  if (address === null || fields.some(([, value]) => value === null)) return null;
  return [
    ...(methods === null ? [] : [`method ${methods.join(' ')}`]),
    ...(path === null ? [] : [`path_regexp ${quoted(pathExpression(path))}`]),
    ...(pattern === null ? [] : [`vars_regexp ${name} {http.request.uri} ${quoted(address)}`]),
    ...fields.map(
      ([field, value], index) => `header_regexp ${name}-${index} ${quoted(field)} ${quoted(value ?? '')}`,
    ),
    ...(networks.length === 0 ? [] : [`remote_ip ${networks.join(' ')}`]),
  ];
};

const noteEmptyFields = (rule: RuleConfig, index: number, { losses }: Proxying): void => {
  for (const [field, value] of Object.entries(rule.headers)) {
    if (new RegExp(value).test('')) {
      const text = `a request without the field does not fit, though the expression fits nothing at all`;
      losses.otherwise(['rules', String(index), 'headers', field], text);
    }
  }
};

const translateRule = (rule: RuleConfig, index: number, proxying: Proxying): string[] => {
  const { losses, note } = proxying;
  const path = ['rules', String(index)];
  const name = `rule-${index + 1}`;
  if (rule.action === 'log') {
    losses.missing(path, 'Caddy tells nobody that a rule has fitted');
    return [];
  }
  if (rule.action === 'rate-limit') {
    losses.missing(
      [...path, 'rateLimit'],
      'there is no rate limit in Caddy without a plug-in; all are let in',
    );
  }
  const matcher = matcherOf(rule, name);
  if (matcher === null) {
    losses.missing(
      path,
      'its expression looks ahead, behind or back, which expressions of Caddy (RE2) cannot',
    );
    return [];
  }
  noteEmptyFields(rule, index, proxying);
  return [
    ...note(`rule ${commentText(rule.name)}`),
    ...block(`@${name}`, [
      ...matcher,
      ...(matcher.length === 0 ? ['path *'] : []),
      `not vars {http.vars.${VERDICT}} in`,
    ]),
    rule.action === 'block' ? `error @${name} 403` : `vars @${name} ${VERDICT} in`,
  ];
};

export const translateRules = (proxying: Proxying): string[] => {
  const { config, losses } = proxying;
  if (config.ruleTable !== null) losses.missing(['ruleTable'], 'Caddy has room for any number of rules');
  if (config.ruleGuard !== null) {
    losses.otherwise(
      ['ruleGuard'],
      'no rule is taken out; expressions of RE2 take a time that grows with the text only',
    );
  }
  return config.rules.flatMap((rule, index) => translateRule(rule, index, proxying));
};
