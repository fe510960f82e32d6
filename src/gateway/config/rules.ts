/**
 * The sections `gateway.rules` and `gateway.ruleGuard`: who is let in, by what a request looks like. It is what a content
 * delivery network calls its web application firewall, or bot management.
 */
import { Duration, Fields, OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMsOr, parseRateRps } from '../../core/units.js';
import type { TokenBucketOptions } from '../../policies/token-bucket.js';
import type { ConfigProblem } from './check.js';
import { RateLimitSchema, resolveRateLimit } from './limits.js';
import { networkProblem, parseNetwork } from './networks.js';

export const RULE_ACTIONS = ['block', 'rate-limit', 'allow', 'log'] as const;

export type RuleAction = (typeof RULE_ACTIONS)[number];

/** Each is looked at for each request; longer lists are another program's work. More is refused with the config. */
export const MAX_RULES = 100;

const RuleSchema = Section(
  {
    name: Optional(
      Type.String({ minLength: 1, description: 'Name in events; default rule-1 for the first, and so on.' }),
    ),
    methods: Optional(
      Type.Array(Type.String({ pattern: '^[A-Z-]+$' }), {
        minItems: 1,
        description: 'Default: all of them.',
      }),
    ),
    path: Optional(
      Type.String({ pattern: '^/', description: 'Paths that begin with it, by whole segments.' }),
    ),
    pattern: Optional(
      Type.String({
        minLength: 1,
        description:
          'A regular expression of JavaScript that is found in the address: path and query as the client sent them.',
      }),
    ),
    headers: Optional(
      Fields(
        Type.String({ minLength: 1 }),
        'By name, a regular expression that is found in the field. One that is not there is empty.',
      ),
    ),
    clients: Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: 'Addresses and networks that it comes from, such as 10.0.0.0/8.',
      }),
    ),
    ignoreCase: Optional(
      OneOf(['on', 'off'], 'Whether expressions take small letters for capitals too; default off.'),
    ),
    action: OneOf(
      RULE_ACTIONS,
      'block: refused with 403. rate-limit: by `rateLimit`, more is refused with 429. allow: let in. log: told as an event, and the next rule is asked; its expressions run all the same.',
    ),
    rateLimit: Optional(RateLimitSchema),
  },
  'One rule. Whatever it names has to fit; one that names nothing fits every request.',
);

export const RulesSchema = Type.Array(RuleSchema, {
  description:
    'Asked in this order before anything else; the first that fits decides, and what none fits is let in. At most 100.',
});

export const RuleGuardSchema = Section(
  {
    budget: Optional(
      Duration(
        'How long the expressions of one rule may take within a window, all together; default 200ms. Longer, and the rule is switched off until another config comes.',
      ),
    ),
    window: Optional(Duration('Over which that is counted; default 1s.')),
  },
  'Takes out a rule that burns the processor.',
);

export const RULE_OVERFLOWS = ['fail-closed', 'fail-open'] as const;

export const RuleTableSchema = Section(
  {
    size: Type.Integer({
      minimum: 1,
      maximum: MAX_RULES,
      description: 'Rules that there is room for. A config with more of them needs approval.',
    }),
    overflow: Optional(
      OneOf(
        RULE_OVERFLOWS,
        'Under a config with more, fail-closed (default): every request is answered with 500; fail-open: all are let in unasked, and their answers are marked as degraded.',
      ),
    ),
  },
  'A table of rules that does not grow, as a module has one that takes its memory once.',
);

type RulesSection = Static<typeof RulesSchema>;

export interface RuleConfig {
  readonly name: string;
  /** `null` in these: whatever it is. */
  readonly methods: readonly string[] | null;
  readonly path: string | null;
  readonly pattern: string | null;
  /** Expressions by the name of the field, in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: whoever it is. */
  readonly clients: readonly string[];
  readonly ignoreCase: boolean;
  readonly action: RuleAction;
  /** `null`: its action is another. */
  readonly rateLimit: TokenBucketOptions | null;
}

export interface RuleGuardConfig {
  readonly budgetMs: number;
  readonly windowMs: number;
}

export interface RuleTableConfig {
  readonly size: number;
  readonly overflow: (typeof RULE_OVERFLOWS)[number];
}

/** A module that was not made for it does not let everybody in by itself: whoever wants that has to say so. */
export const resolveRuleTable = ({
  size,
  overflow = 'fail-closed',
}: Static<typeof RuleTableSchema>): RuleTableConfig => ({ size, overflow });

export const resolveRules = (section: RulesSection): RuleConfig[] =>
  section.map((rule, index) => ({
    name: rule.name ?? `rule-${index + 1}`,
    methods: rule.methods ?? null,
    path: rule.path ?? null,
    pattern: rule.pattern ?? null,
    headers: Object.fromEntries(
      Object.entries(rule.headers ?? {}).map(([name, pattern]) => [name.toLowerCase(), pattern]),
    ),
    clients: rule.clients ?? [],
    ignoreCase: rule.ignoreCase === 'on',
    action: rule.action,
    rateLimit: rule.rateLimit === undefined ? null : resolveRateLimit(rule.rateLimit),
  }));

/**
 * Fills in the defaults. An expression that is well made takes microseconds, so that a thousand requests a second do not
 * come to a hundredth of a second; a fifth of the processor is what nobody wants to give a single rule.
 */
export const resolveRuleGuard = (section: Static<typeof RuleGuardSchema>): RuleGuardConfig => ({
  budgetMs: parseDurationMsOr(section.budget, 200),
  windowMs: parseDurationMsOr(section.window, 1_000),
});

/** What is wrong with it as V8 says it; `null`: nothing. */
const patternProblem = (pattern: string): string | null => {
  try {
    new RegExp(pattern);
    return null;
  } catch (error) {
    const { message } = error as Error;
    const reason = message.slice(message.lastIndexOf(': ') + 2);
    return `is no regular expression: ${reason}; write it as in JavaScript, without the slashes around it, and in single quotes, in which YAML keeps its backslashes`;
  }
};

type Problem = readonly [path: readonly (string | number)[], message: string];

const findRuleProblems = (rule: RulesSection[number]): Problem[] => {
  const { action, rateLimit, pattern, headers = {}, clients = [] } = rule;
  const problems: Problem[] = [];
  const expressions: (readonly [path: readonly string[], pattern: string])[] = [
    ...(pattern === undefined ? [] : [[['pattern'], pattern] as const]),
    ...Object.entries(headers).map(([name, value]) => [['headers', name], value] as const),
  ];
  for (const [path, text] of expressions) {
    const problem = patternProblem(text);
    if (problem !== null) problems.push([path, problem]);
  }
  for (const [index, text] of clients.entries()) {
    if (parseNetwork(text) === null) problems.push([['clients', index], networkProblem(text)]);
  }
  if (action === 'rate-limit' && rateLimit === undefined) {
    problems.push([['action'], 'rate-limit needs `rateLimit` beside it, such as { rate: 10/s }']);
  }
  if (action !== 'rate-limit' && rateLimit !== undefined) {
    problems.push([['rateLimit'], `means nothing beside the action ${action}`]);
  }
  if (rateLimit !== undefined && parseRateRps(rateLimit.rate) === 0) {
    const message = `is ${rateLimit.rate}, which lets nobody in again once the burst is used up; give more, or block`;
    problems.push([['rateLimit', 'rate'], message]);
  }
  return problems;
};

/** What the schema cannot say of the list; paths below the gateway section. */
export const findRulesProblems = (rules: RulesSection = []): ConfigProblem[] => {
  if (rules.length > MAX_RULES) {
    return [{ path: ['rules'], message: `at most ${MAX_RULES} rules, got ${rules.length}` }];
  }
  const names = resolveRules(rules.map(({ action, name }) => ({ action, ...(name && { name }) })));
  return rules.flatMap((rule, index) => {
    const found = findRuleProblems(rule);
    const { name } = names[index]!;
    if (names.findIndex((other) => other.name === name) !== index) {
      found.push([['name'], `there is a rule "${name}" before this one; give it another name`]);
    }
    return found.map(([path, message]) => ({ path: ['rules', String(index), ...path.map(String)], message }));
  });
};
