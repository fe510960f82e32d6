/** The rules of a gateway: which of them a request meets, what becomes of it, and what the guard makes of those that burn. */
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../../src/core/events.js';
import { type GatewaySection, resolveGatewayConfig } from '../../../src/gateway/config.js';
import { Rules } from '../../../src/gateway/edge/rules.js';
import { TokenBuckets } from '../../../src/policies/token-bucket.js';

type RuleSections = NonNullable<GatewaySection['rules']>;

interface Asked {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly client?: string;
}

const requestOf = ({ method = 'GET', url = '/', headers = {}, client = '127.0.0.1' }: Asked) =>
  ({ method, url, headers, socket: { remoteAddress: client } }) as unknown as IncomingMessage;

class RulesAtWork {
  nowMs = 0;
  /** How far the clock goes on with each reading. */
  stepMs = 0;
  readonly logged: string[] = [];
  readonly switchedOff: [rule: string, tookMs: number][] = [];
  tookMs = 0;
  readonly #rules: Rules;

  constructor(rules: RuleSections, ruleGuard?: GatewaySection['ruleGuard']) {
    const stream = new EventStream(() => 0);
    stream.subscribe((event) => {
      if (event.type === 'rule.logged') this.logged.push(event.rule);
      if (event.type === 'rule.switched-off') this.switchedOff.push([event.rule, event.tookMs]);
    });
    this.#rules = new Rules({
      config: resolveGatewayConfig({ rules, ...(ruleGuard && { ruleGuard }) }),
      emit: stream.emit,
      clock: {
        nowMs: () => {
          const { nowMs } = this;
          this.nowMs += this.stepMs;
          return nowMs;
        },
      },
      bucketsOf: (_name, options) => new TokenBuckets(options),
      onTook: (tookMs) => {
        this.tookMs += tookMs;
      },
    });
  }

  /** @returns the rule that refused it; `null`: it is let in. */
  judge(asked: Asked = {}): string | null {
    return this.#rules.judge(requestOf(asked), 'ray')?.rule ?? null;
  }

  verdict(asked: Asked = {}) {
    return this.#rules.judge(requestOf(asked), 'ray');
  }
}

const block = (what: Omit<RuleSections[number], 'action'>): RuleSections => [
  { name: 'it', ...what, action: 'block' },
];

describe('a rule', () => {
  it.each<[what: string, rules: RuleSections, fits: Asked[], doesNot: Asked[]]>([
    ['that names nothing fits everything', block({}), [{}, { method: 'POST', url: '/x?y' }], []],
    ['of methods', block({ methods: ['PUT', 'POST'] }), [{ method: 'POST' }], [{ method: 'GET' }]],
    [
      'of a path fits whole segments',
      block({ path: '/admin' }),
      [{ url: '/admin' }, { url: '/admin/users' }, { url: '/admin?x' }],
      [{ url: '/administrator' }, { url: '/' }, { url: '/x/admin' }],
    ],
    [
      'of a pattern finds it in path and query',
      block({ pattern: '(union|select)%20' }),
      [{ url: '/?q=union%20select%20' }, { url: '/select%20' }],
      [{ url: '/?q=union' }, { url: '/?q=UNION%20' }],
    ],
    [
      'that ignores case',
      block({ pattern: 'union', ignoreCase: 'on' }),
      [{ url: '/?q=UNION' }],
      [{ url: '/' }],
    ],
    [
      'of the absolute form looks at its path',
      block({ pattern: '^/a$' }),
      [{ url: 'http://host/a' }],
      [{ url: 'http://host/a/b' }],
    ],
    [
      'of fields needs all of them',
      block({ headers: { 'User-Agent': '^curl/', accept: 'json' } }),
      [{ headers: { 'user-agent': 'curl/8', accept: 'application/json' } }],
      [{ headers: { 'user-agent': 'curl/8' } }, { headers: { accept: 'application/json' } }],
    ],
    [
      'takes a field that is not there for empty',
      block({ headers: { 'user-agent': '^$' } }),
      [{}],
      [{ headers: { 'user-agent': 'x' } }],
    ],
    [
      'of clients knows addresses and networks',
      block({ clients: ['10.0.0.0/8', '192.168.1.7', '2001:db8::/32'] }),
      [
        { client: '10.9.8.7' },
        { client: '::ffff:10.9.8.7' },
        { client: '192.168.1.7' },
        { client: '2001:db8::1' },
      ],
      [{ client: '11.0.0.1' }, { client: '192.168.1.8' }, { client: '2001:db9::1' }],
    ],
    [
      'fits where all that it names does',
      block({ methods: ['POST'], path: '/login', headers: { 'x-bot': 'yes' } }),
      [{ method: 'POST', url: '/login', headers: { 'x-bot': 'yes' } }],
      [
        { method: 'GET', url: '/login', headers: { 'x-bot': 'yes' } },
        { method: 'POST', url: '/', headers: { 'x-bot': 'yes' } },
        { method: 'POST', url: '/login' },
      ],
    ],
  ])('%s', (_what, rules, fits, doesNot) => {
    const atWork = new RulesAtWork(rules);
    expect(fits.map((asked) => atWork.judge(asked))).toEqual(fits.map(() => 'it'));
    expect(doesNot.map((asked) => atWork.judge(asked))).toEqual(doesNot.map(() => null));
  });
});

describe('several rules', () => {
  it('are asked in their order: who is allowed by one is not blocked by a later one', () => {
    const atWork = new RulesAtWork([
      { path: '/health', action: 'allow' },
      { path: '/health/secret', action: 'block' },
      { action: 'block' },
    ]);
    expect(atWork.judge({ url: '/health/secret' })).toBeNull();
    expect(atWork.judge({ url: '/other' })).toBe('rule-3');
  });

  it('that log do not decide, and are told of each request', () => {
    const atWork = new RulesAtWork([
      { name: 'seen', pattern: 'x', action: 'log' },
      { name: 'shut', pattern: 'xx', action: 'block' },
    ]);
    expect(['/', '/x', '/xx'].map((url) => atWork.judge({ url }))).toEqual([null, null, 'shut']);
    expect(atWork.logged).toEqual(['seen', 'seen']);
  });

  it('that limit a rate count each client for itself, and say when to come again', () => {
    const atWork = new RulesAtWork([
      { name: 'slowly', path: '/login', action: 'rate-limit', rateLimit: { rate: '2/s', burst: 1 } },
    ]);
    const login = (client: string) => atWork.verdict({ url: '/login', client });
    expect(login('10.0.0.1')).toBeNull();
    expect(login('10.0.0.1')).toEqual({ rule: 'slowly', code: 'BGW_ERR_RATE_LIMITED', waitMs: 500 });
    expect(login('10.0.0.2')).toBeNull();
    expect(atWork.judge({ url: '/', client: '10.0.0.1' })).toBeNull();
    atWork.nowMs = 500;
    expect(login('10.0.0.1')).toBeNull();
  });

  it('decide as the first of them that fits, whatever they are', () => {
    const path = fc.constantFrom('/', '/a', '/a/b', '/c');
    const rule = fc.record(
      {
        path,
        methods: fc.subarray(['GET', 'POST'], { minLength: 1 }),
        pattern: fc.constantFrom('a', 'b$', '^/c', 'z'),
        action: fc.constantFrom('block' as const, 'allow' as const, 'log' as const),
      },
      { requiredKeys: ['action'] },
    );
    const asked = fc.record({ url: path, method: fc.constantFrom('GET', 'POST') });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), asked, (rules, { url, method }) => {
        const first = rules.findIndex(
          (one) =>
            one.action !== 'log' &&
            (one.methods?.includes(method) ?? true) &&
            (one.path === undefined || `${url}/`.startsWith(one.path.replace(/\/?$/, '/'))) &&
            (one.pattern === undefined || new RegExp(one.pattern).test(url)),
        );
        const refused = first !== -1 && rules[first]!.action === 'block';
        expect(new RulesAtWork(rules).judge({ url, method })).toBe(refused ? `rule-${first + 1}` : null);
      }),
    );
  });
});

describe('an expression that burns', () => {
  const RULES: RuleSections = [
    { name: 'burns', pattern: 'x', action: 'block' },
    { name: 'next', pattern: 'x', action: 'block' },
  ];

  it('is told how long it took, and is left in where nobody guards', () => {
    const atWork = new RulesAtWork(RULES);
    atWork.stepMs = 5_000;
    expect([1, 2, 3].map(() => atWork.judge({ url: '/x' }))).toEqual(['burns', 'burns', 'burns']);
    expect(atWork.tookMs).toBe(15_000);
    expect(atWork.switchedOff).toEqual([]);
  });

  it('is switched off when it has had its budget within a window, and the next rule decides', () => {
    const atWork = new RulesAtWork(RULES, { budget: '100ms', window: '1s' });
    atWork.stepMs = 40;
    const judged = [1, 2, 3, 4].map(() => atWork.judge({ url: '/x' }));
    // The third request is still refused by it: what it found holds.
    expect(judged).toEqual(['burns', 'burns', 'burns', 'next']);
    expect(atWork.switchedOff).toEqual([['burns', 120]]);
  });

  it('keeps its place where the same time is spread over several windows', () => {
    const atWork = new RulesAtWork(RULES, { budget: '100ms', window: '1s' });
    for (let request = 0; request < 20; request++) {
      atWork.nowMs = request * 1_000;
      atWork.stepMs = 90;
      expect(atWork.judge({ url: '/x' })).toBe('burns');
    }
    expect(atWork.switchedOff).toEqual([]);
  });

  it('is not even looked at where something cheaper does not fit', () => {
    const atWork = new RulesAtWork([{ pattern: '(x+x+)+y', methods: ['POST'], action: 'block' }]);
    atWork.stepMs = 1;
    expect(atWork.judge({ url: `/${'x'.repeat(200)}` })).toBeNull();
    expect(atWork.tookMs).toBe(0);
  });
});
