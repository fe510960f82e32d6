/** Thresholds about a part of the clients: which part is meant, where its value comes from, and mistakes in saying it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectorText } from '../../../src/core/selectors.js';
import { refsOf, ThresholdError, variantsOf } from '../../../src/core/thresholds.js';
import { groupsOf, selectorScopeOf } from '../../../src/scenarios/clients/selectors.js';
import { metricValue, WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import { parseThreshold, type ScenarioScope } from '../../../src/scenarios/metrics/thresholds.js';
import { checkThresholds } from '../../../src/scenarios/metrics/verdict.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { recordedWindow } from '../../support/recording.js';
import { failedRequest, goodRequest, variantResult, windowResult } from '../../support/records.js';
import { HERE, MINIMAL, problemsOf, unmark } from '../../support/scenario-text.js';

const CLASSES = [
  { name: 'web', tier: 'free', route: '/' },
  { name: 'ios', tier: 'premium', route: '/' },
  { name: 'assistants-api', tier: 'premium', route: '/v1/assistants' },
];

const SCOPE: ScenarioScope = {
  variants: ['as-it-happened', 'canary'],
  windows: ['outage'],
  selectors: selectorScopeOf(CLASSES),
};

const mistakeIn = (text: string, scope = SCOPE): ThresholdError => {
  try {
    parseThreshold(text, scope);
  } catch (error) {
    if (error instanceof ThresholdError) return error;
    throw error;
  }
  throw new Error(`nothing was found wrong with "${text}"`);
};

describe('a selector', () => {
  it.each([
    ['availability{class=web}[outage] > 99%', 'class=web', 'outage'],
    ['availability { class = web } [outage] > 99%', 'class=web', 'outage'],
    ['availability{class=assistants-api} > 99%', 'class=assistants-api', ''],
    ['status.503{tier=premium}[outage] < 1%', 'tier=premium', 'outage'],
    ['latency.p99{route=/v1/assistants} < 1s', 'route=/v1/assistants', ''],
    ['goodput{route=/, tier=premium} > 10/s', 'route=/,tier=premium', ''],
    ['goodput{tier=premium,route=/} > 10/s', 'route=/,tier=premium', ''],
    ['users-lost{class=ios} == 0', 'class=ios', ''],
    ['blast-radius{tier=free} > 5%', 'tier=free', ''],
    ['availability[outage] > 99%', '', 'outage'],
  ])('in %j says %j', (text, expected, window) => {
    const [ref] = refsOf(parseThreshold(text, SCOPE));
    expect(selectorText(ref!.selector)).toBe(expected);
    expect(ref!.window).toBe(window);
  });

  it('may differ on both sides, and comes along with a variant’s name alone', () => {
    const both = parseThreshold(
      'availability{tier=premium}[outage] > availability{tier=free}[outage] + 20%',
      SCOPE,
    );
    expect(refsOf(both).map(({ selector }) => selector)).toEqual([{ tier: 'premium' }, { tier: 'free' }]);
    const other = parseThreshold('goodput{class=web} > 2 * canary', SCOPE);
    expect(variantsOf(other)).toEqual(['canary']);
    expect(refsOf(other).map(({ selector }) => selector)).toEqual([{ class: 'web' }, { class: 'web' }]);
  });
});

describe(`a mistake in a selector, at ${HERE},`, () => {
  it.each([
    ['availability{▸clas=web} > 9%', 'there is no selector "clas"; there are class, tier, route'],
    ['availability{class=▸webb} > 9%', 'there is no class "webb"; there are web, ios, assistants-api'],
    ['availability{class= ▸webb } > 9%', 'there is no class "webb"'],
    ['availability{tier=free, route=▸/v2} > 9%', 'there is no route "/v2"; there are /, /v1/assistants'],
    ['availability{▸class} > 9%', 'expected = and a value after class'],
    ['availability{class=▸} > 9%', 'there is no class ""'],
    ['availability{▸} > 9%', 'expected a selector such as {class=web}'],
    ['availability{class=web, ▸class=ios} > 9%', 'class is said twice'],
    ['availability{class=web,▸} > 9%', 'expected a selector such as'],
    ['availability▸{class=web, tier=premium} > 9%', 'no client is all of that at once'],
    ['availability{class=web▸', 'expected } at the end of a selector such as {class=web}'],
    ['wasted▸{class=web} > 9%', 'wasted[after] is not measured by client and takes no selector'],
    ['crashes▸{class=web} == 0', 'takes no selector'],
    ['availability[outage]▸{class=web} > 9%', 'a selector stands before the window: metric{…}[window]'],
    ['availability > ▸{class=web}', 'expected a metric or a number, got "{class=web}"'],
    ['availability{class=web}▸{tier=free} > 9%', 'expected a comparison'],
  ])('such as %j is told: %s', (marked, message) => {
    const { text, column } = unmark(marked);
    const mistake = mistakeIn(text);
    expect(mistake.message).toContain(message);
    expect(mistake.column).toBe(column);
  });

  it('says how there would be something to select from', () => {
    const alike: ScenarioScope = {
      variants: [],
      windows: [],
      selectors: selectorScopeOf([{ name: '', tier: '', route: '/' }]),
    };
    const { message, column } = mistakeIn('availability{class=web} > 9%', alike);
    expect(message).toContain('name classes under clients.classes');
    expect(column).toBe(13);
  });

  it('is told in the file, in its line and column', () => {
    const { text, line, column } = unmark(`${MINIMAL}clients: { classes: { web: { share: 100% } } }
thresholds:
  default:
    - 'availability{class=▸wep} > 99%'
`);
    expect(problemsOf(text)).toMatchObject([{ path: 'thresholds.default[0]', line, column }]);
  });

  it('is within the text, whatever the text', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      'class',
      'tier',
      '=',
      ',',
      'web',
      'ios',
      ' ',
      'premium',
      'availability',
      '>',
      '9%',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const text = `availability${pieces.join('')}`;
        try {
          parseThreshold(text, SCOPE);
        } catch (error) {
          if (!(error instanceof ThresholdError)) throw error;
          expect(error.column).toBeGreaterThanOrEqual(1);
          expect(error.column).toBeLessThanOrEqual(text.length + 1);
        }
      }),
      { numRuns: 500 },
    );
  });
});

const scenario = parseScenario(
  `${MINIMAL}clients:
  classes:
    web: { share: 50%, tier: free }
    ios: { share: 30%, tier: premium }
    assistants-api: { share: 20%, tier: premium, path: /v1/assistants }
windows: { outage: 0s..2s, quiet: 2s..4s }
`,
  'x.yaml',
);
const { clients } = scenario.variants[0]!;
const requests = [
  goodRequest(10, { class: 'web', endMs: 30 }),
  failedRequest(20, 503, 'no_upstream', { class: 'web' }),
  failedRequest(30, 503, 'no_upstream', { class: 'web' }),
  failedRequest(40, 0, 'client_left', { class: 'web' }),
  goodRequest(50, { class: 'ios', endMs: 60 }),
  goodRequest(60, { class: 'assistants-api', endMs: 160 }),
  failedRequest(70, 502, 'connection_refused', { class: 'assistants-api' }),
  goodRequest(2_500, { class: 'ios' }),
];
const measured = variantResult({
  windows: Object.fromEntries(
    [
      { name: 'outage', fromMs: 0, toMs: 2_000 },
      { name: 'quiet', fromMs: 2_000, toMs: 4_000 },
      { name: WHOLE_RUN, fromMs: 0, toMs: 4_000 },
    ].map((window) => {
      const { classes, groups } = recordedWindow(window, requests, clients);
      return [window.name, windowResult({ classes, groups })];
    }),
  ),
  classes: Object.fromEntries(
    clients.map(({ name, shareRatio, tier, route }) => [name, { share: shareRatio, tier, route }]),
  ),
  population: {
    web: { users: 50, usersLost: 9, sessions: 100, sessionsFailed: 40 },
    ios: { users: 30, usersLost: 2, sessions: 60, sessionsFailed: 6 },
    'assistants-api': { users: 20, usersLost: 1, sessions: 40, sessionsFailed: 4 },
  },
  floods: [
    { t: 1, path: '/', identities: 20, sent: 300, skipped: 10, ok: 6, status: { 200: 6, 429: 294 } },
    { t: 2, path: '/', identities: 20, sent: 100, skipped: 0, ok: 0, status: { 429: 100 } },
  ],
});

describe('a metric of a part of the clients', () => {
  it.each<[string, string, Record<string, string>, number]>([
    ['availability', 'outage', { class: 'web' }, 1 / 4],
    ['availability', 'outage', { class: 'ios' }, 1],
    ['availability', 'outage', { tier: 'premium' }, 2 / 3],
    ['availability', 'outage', { route: '/' }, 2 / 5],
    ['availability', 'outage', { route: '/', tier: 'premium' }, 1],
    ['availability', '', { tier: 'premium' }, 3 / 4],
    ['availability', 'outage', { class: 'web', tier: 'free' }, 1 / 4],
    ['requests', 'outage', { tier: 'premium' }, 3],
    ['requests', 'quiet', { class: 'ios' }, 1],
    ['goodput', 'outage', { tier: 'premium' }, 1],
    ['status.503', 'outage', { class: 'web' }, 2 / 4],
    ['status.none', 'outage', { class: 'web' }, 1 / 4],
    ['cause.connection_refused', 'outage', { route: '/v1/assistants' }, 1 / 2],
    ['amplification', 'outage', { class: 'web' }, 1],
    ['blast-radius', '', { class: 'web' }, 3 / 4],
    ['blast-radius', '', { tier: 'premium' }, 1 - 2 / 3],
    ['users-lost', '', {}, 12],
    ['users-lost', '', { class: 'web' }, 9],
    ['users-lost', '', { tier: 'premium' }, 3],
    ['sessions-failed', '', {}, 50 / 200],
    ['sessions-failed', '', { route: '/', tier: 'premium' }, 6 / 60],
    ['flood.sent', '', {}, 400],
    ['flood.served', '', {}, 6 / 400],
  ])('%s over the window "%s" of %j is %d', (name, window, selector, expected) => {
    expect(metricValue(measured, name, window, selector)).toBeCloseTo(expected, 9);
  });

  it('has the latencies of these clients alone', () => {
    expect(metricValue(measured, 'latency.max', 'outage', { class: 'ios' })).toBeCloseTo(10, 0);
    expect(metricValue(measured, 'latency.max', 'outage', { tier: 'premium' })).toBeCloseTo(100, 0);
  });

  it('has no value where they asked for nothing, or where there are none', () => {
    expect(metricValue(measured, 'availability', 'quiet', { class: 'web' })).toBeNaN();
    expect(metricValue(measured, 'availability', 'outage', { class: 'desktop' })).toBeNaN();
    for (const metric of ['availability', 'blast-radius', 'users-lost', 'sessions-failed']) {
      expect(metricValue(variantResult(), metric, '', { class: 'web' })).toBeNaN();
    }
    for (const metric of ['users-lost', 'sessions-failed', 'flood.sent', 'flood.served']) {
      expect(metricValue(variantResult(), metric, '')).toBeNaN();
    }
  });

  it('is what a threshold judges', () => {
    const thresholds = [
      'availability{tier=premium}[outage] > 60%',
      'availability{class=web}[outage] > 60%',
      'availability{tier=premium}[outage] > availability{tier=free}[outage] + 40%',
    ].map((text) => parseThreshold(text, { ...SCOPE, variants: [] }));
    const checked = checkThresholds(thresholds, measured, [measured]).thresholds;
    expect(checked.map(({ pass }) => pass)).toEqual([true, false, true]);
  });
});

describe('groups', () => {
  it('are every tier, every route and both together, where there is anybody', () => {
    expect([...groupsOf(CLASSES).keys()].sort()).toEqual([
      'route=/',
      'route=/,tier=free',
      'route=/,tier=premium',
      'route=/v1/assistants',
      'route=/v1/assistants,tier=premium',
      'tier=free',
      'tier=premium',
    ]);
  });

  it('hold every request of a window once, by class, by tier and by route', () => {
    const { classes, groups } = recordedWindow({ name: 'outage', fromMs: 0, toMs: 2_000 }, requests, clients);
    const sum = (keys: readonly string[], from = groups!): number =>
      keys.reduce((total, key) => total + from[key]!.requests, 0);
    expect(sum(Object.keys(classes!), classes!)).toBe(7);
    expect(sum(['tier=free', 'tier=premium'])).toBe(7);
    expect(sum(['route=/', 'route=/v1/assistants'])).toBe(7);
  });

  it('are not there without classes', () => {
    const [variant] = parseScenario(MINIMAL, 'x').variants;
    const window = recordedWindow({ name: 'w', fromMs: 0, toMs: 1 }, requests, variant!.clients);
    expect(Object.keys(window).filter((key) => key === 'classes' || key === 'groups')).toEqual([]);
  });
});
