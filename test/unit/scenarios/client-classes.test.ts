/** Classes of clients: what each takes from the section, what its requests carry, and where a mistake in them is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { classify } from '../../../src/policies/criticality.js';
import {
  type ClientsSection,
  classAt,
  MAX_CLASSES,
  resolveClasses,
} from '../../../src/scenarios/clients/classes.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { expectMistake, HERE, MINIMAL, problemsOf } from '../../support/scenario-text.js';

const SECTION: ClientsSection = {
  patience: '2s',
  retry: { attempts: 3, delay: '100ms' },
  headers: { accept: 'text/html' },
  classes: {
    web: { share: '60%', tier: 'free' },
    'assistants-api': {
      share: '40%',
      tier: 'premium',
      path: '/v1/assistants?page=1',
      bodySize: '2KiB',
      patience: '9s',
      retry: { attempts: 5, backoff: 'constant' },
      headers: { authorization: 'Bearer x' },
      identities: 7,
    },
  },
};

describe('clients without classes', () => {
  it('are one class without a name, which asks for / and sends nothing of its own', () => {
    expect(resolveClasses({ patience: '3s' })).toMatchObject([
      {
        ...{ name: '', shareRatio: 1, tier: '', method: 'GET', path: '/', headers: [], bodyBytes: 0 },
        ...{ identities: 0, behaviour: { patienceMs: 3_000, attempts: 1 } },
      },
    ]);
    expect(resolveClasses()).toHaveLength(1);
  });
});

describe('a class', () => {
  const [web, api] = resolveClasses(SECTION) as [
    ReturnType<typeof resolveClasses>[0],
    ReturnType<typeof resolveClasses>[0],
  ];

  it('takes from the section what it does not say itself, key by key', () => {
    expect(web.behaviour).toMatchObject({ patienceMs: 2_000, attempts: 3, backoff: 'none', delayMs: 100 });
    expect(api.behaviour).toMatchObject({
      patienceMs: 9_000,
      attempts: 5,
      backoff: 'constant',
      delayMs: 100,
    });
  });

  it('has a method by its body, unless it says one', () => {
    expect([web.method, web.bodyBytes]).toEqual(['GET', 0]);
    expect([api.method, api.bodyBytes]).toEqual(['POST', 2048]);
    const [put] = resolveClasses({ method: 'PUT', bodySize: '1B' });
    expect(put!.method).toBe('PUT');
  });

  it('sends its name and its tier, so that a gateway with criticality on knows who matters more', () => {
    const headersOf = ({ headers }: typeof web): Record<string, string> =>
      Object.fromEntries(
        headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]!]] : [])),
      );
    expect(headersOf(web)).toEqual({
      accept: 'text/html',
      'x-client-class': 'web',
      'x-client-tier': 'free',
      'x-tier': 'free',
    });
    expect(headersOf(api)).toMatchObject({ accept: 'text/html', authorization: 'Bearer x' });
    expect(classify(headersOf(api))).toBeLessThan(classify(headersOf(web)));
  });

  it('goes to the route that the gateway would take, by its name; else its path is its route', () => {
    const routes = [{ path: '/' }, { path: '/v1', name: 'api', methods: ['POST'] }, { path: '/v1/assist' }];
    expect(resolveClasses(SECTION, { routes }).map(({ route }) => route)).toEqual(['/', 'api']);
    expect(resolveClasses(SECTION).map(({ route }) => route)).toEqual(['/', '/v1/assistants']);
    expect(resolveClasses(SECTION, { routes: [{ path: '/other' }] })[0]!.route).toBe('/');
  });
});

describe('the class of a request', () => {
  it('is drawn by the shares', () => {
    const classes = resolveClasses({
      classes: { a: { share: '50%' }, b: { share: '15%' }, c: { share: '35%' } },
    });
    const random = new Random(9);
    const counts = [0, 0, 0];
    for (let index = 0; index < 20_000; index++) counts[classAt(classes, random.next())]!++;
    // Four standard deviations of the largest are 1.4 %.
    for (const [index, share] of [0.5, 0.15, 0.35].entries()) {
      expect(Math.abs(counts[index]! / 20_000 - share)).toBeLessThan(0.014);
    }
  });

  it('is always one that there is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: MAX_CLASSES }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (weights, point) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const classes = weights.map((weight) => ({ ...resolveClasses()[0]!, shareRatio: weight / total }));
          const index = classAt(classes, point);
          expect(index).toBeGreaterThanOrEqual(0);
          expect(index).toBeLessThan(classes.length);
        },
      ),
    );
  });
});

const clients = (lines: string): string => `${MINIMAL}clients:\n${lines}\n`;
const classes = (lines: string): string => clients(`  classes:\n${lines}`);
const many = Array.from({ length: MAX_CLASSES + 1 }, (_, index) => `    c${index}: { share: 1% }`).join('\n');

describe(`a mistake in the clients, at ${HERE},`, () => {
  it.each([
    [
      'shares of less than 100%',
      clients('  classes: ▸{ web: { share: 50% }, ios: { share: 20.5% } }'),
      'clients.classes',
      'the shares of web, ios are 70.5% together; they have to be 100%',
    ],
    [
      'too many classes',
      clients(`  classes:\n    ▸${many.trimStart()}`),
      'clients.classes',
      'at most 20 classes',
    ],
    [
      'a patience beyond what a timer keeps, of a class that is called like a number',
      clients("  classes: { '0': { share: 50% }, '1': { share: 50%, patience: ▸600h } }"),
      'clients.classes.1.patience',
      'the longest time that can be kept is 576h',
    ],
    [
      'a share without its unit, of a class that is called like a number',
      clients("  classes: { '7': { share: ▸50 } }"),
      'clients.classes.7.share',
      'write 50%',
    ],
    ['no class at all', clients('  classes: ▸{}'), 'clients.classes', 'name one class at least'],
    [
      'a class without a share',
      classes('    web: ▸{ tier: free }'),
      'clients.classes.web',
      'missing `share`',
    ],
    [
      'a share without its unit',
      classes('    web: { share: ▸50 }'),
      'clients.classes.web.share',
      'write 50%',
    ],
    [
      'an unknown key',
      classes('    web: { share: 100%, ▸pathh: / }'),
      'clients.classes.web.pathh',
      'unknown key; known here: share, patience, retry, path',
    ],
    [
      'a header that the load sets itself',
      classes('    web: { share: 100%, headers: { ▸X-Request-Id: mine } }'),
      'clients.classes.web.headers.X-Request-Id',
      'X-Request-Id is set by the load itself',
    ],
    [
      'a body that no GET has',
      clients('  method: GET\n  bodySize: ▸1KiB'),
      'clients.bodySize',
      'GET has no body; use POST, PUT or PATCH',
    ],
    [
      'a method of a class that does not fit the body of all',
      clients('  bodySize: 1KiB\n  classes:\n    web: ▸{ share: 100%, method: GET }'),
      'clients.classes.web',
      'GET has no body',
    ],
    ['a body that is too large', clients('  bodySize: ▸2MiB'), 'clients.bodySize', 'at most 1MiB, got 2MiB'],
    ['a path that is none', clients('  path: ▸api'), 'clients.path', 'must match pattern'],
    [
      'more identities than addresses',
      clients('  ▸identities: 251'),
      'clients',
      '251 identities are more than the 250 addresses',
    ],
    [
      'an unknown way to take Retry-After',
      clients('  retry: { retryAfter: ▸yes }'),
      'clients.retry.retryAfter',
      'expected one of ignore, honour',
    ],
  ])('such as %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });

  it('is told for a variant that changes a share', () => {
    const text = `${classes('    web: { share: 60% }\n    ios: { share: 40% }')}variants:
  as-it-happened: {}
  more-web: { clients: { classes: { web: { share: 70% } } } }
`;
    expect(problemsOf(text)).toMatchObject([
      { path: 'variants.more-web.clients.classes', message: expect.stringContaining('110%') },
    ]);
  });
});

describe('a scenario without classes', () => {
  it('is what it was', () => {
    const [variant] = parseScenario(`${MINIMAL}clients: { patience: 2s }\n`, 'x').variants;
    expect(variant!.clients).toHaveLength(1);
    expect(variant!.clients[0]).toMatchObject({ name: '', path: '/', method: 'GET', headers: [] });
    expect(variant!.load.population).toBeUndefined();
    expect(variant!.floods).toEqual([]);
  });
});
