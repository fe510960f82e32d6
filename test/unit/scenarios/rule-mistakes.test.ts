/** Mistakes in the rules of a gateway or the edge: each with its path, its line and column, and how to mend it. */
import { describe, expect, it } from 'vitest';
import { MAX_RULES } from '../../../src/gateway/config/rules.js';
import { expectMistake, MINIMAL, problemsOf } from '../../support/scenario-text.js';

const ruled = (rules: string): string => `${MINIMAL}gateway:\n  rules:\n${rules}\n`;

describe('a mistake in a rule', () => {
  it.each([
    [
      'an expression that is none',
      ruled(`    - { action: allow }\n    - { pattern: ▸'(', action: block }`),
      'gateway.rules.1.pattern',
      'is no regular expression: Unterminated group; write it as in JavaScript, without the slashes around it, and in single quotes',
    ],
    [
      'one for a field',
      ruled(`    - { headers: { user-agent: ▸'[' }, action: block }`),
      'gateway.rules.0.headers.user-agent',
      'is no regular expression: Unterminated character class',
    ],
    [
      'a client that is no address',
      ruled(`    - { clients: [127.0.0.1, ▸10.0.0/8], action: block }`),
      'gateway.rules.0.clients.1',
      '"10.0.0/8" is no address and no network such as 10.0.0.0/8',
    ],
    [
      'a prefix longer than an address',
      ruled(`    - { clients: [▸10.0.0.0/33], action: block }`),
      'gateway.rules.0.clients.0',
      'is no address and no network',
    ],
    [
      'a rate limit without a rate',
      ruled('    - { path: /login, action: ▸rate-limit }'),
      'gateway.rules.0.action',
      'rate-limit needs `rateLimit` beside it, such as { rate: 10/s }',
    ],
    [
      'a rate where nothing is limited',
      ruled('    - { action: block, rateLimit: ▸{ rate: 1/s } }'),
      'gateway.rules.0.rateLimit',
      'means nothing beside the action block',
    ],
    [
      'a rate of nothing',
      ruled('    - { action: rate-limit, rateLimit: { rate: ▸0/s } }'),
      'gateway.rules.0.rateLimit.rate',
      'lets nobody in again once the burst is used up',
    ],
    [
      'two rules of one name',
      ruled('    - { name: bots, action: log }\n    - { name: ▸bots, action: block }'),
      'gateway.rules.1.name',
      'there is a rule "bots" before this one',
    ],
    ['an action that is none', ruled('    - { action: ▸challenge }'), 'gateway.rules[0].action', 'block'],
    ['a rule without an action', ruled('    - ▸{ path: / }'), 'gateway.rules[0]', 'action'],
    [
      'one in a rule that is pushed to the edge',
      `${MINIMAL}edge: {}\ntimeline:\n  - { at: 1s, push-config: { rules: [{ pattern: ▸'a**', action: block }] }, to: edge }\n`,
      'timeline[0].push-config.rules.0.pattern',
      'is no regular expression: Nothing to repeat',
    ],
  ])('such as %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });

  it('such as too many of them is told once', () => {
    const many = Array.from({ length: MAX_RULES + 1 }, () => '    - { action: log }').join('\n');
    expect(problemsOf(ruled(many)).map(({ path, message }) => [path, message])).toEqual([
      ['gateway.rules', `at most ${MAX_RULES} rules, got ${MAX_RULES + 1}`],
    ]);
  });
});
