/** Which route takes a request. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveRoute } from '../../../src/gateway/config/routing.js';
import { RouteTable } from '../../../src/gateway/routes.js';

const table = (...routes: { path: string; methods?: string[] }[]) =>
  new RouteTable(routes.map((route) => [resolveRoute(route), `${route.methods?.join() ?? ''}${route.path}`]));

describe('a request', () => {
  const routes = table(
    { path: '/' },
    { path: '/api' },
    { path: '/api/users', methods: ['GET', 'HEAD'] },
    { path: '/api/users', methods: ['POST'] },
    { path: '/static/' },
  );

  it.each([
    ['GET', '/', '/'],
    ['GET', '/apis', '/'],
    ['GET', '/api', '/api'],
    ['GET', '/api?x=1', '/api'],
    ['GET', '/api/', '/api'],
    ['GET', '/api/users/7', 'GET,HEAD/api/users'],
    ['POST', '/api/users', 'POST/api/users'],
    ['DELETE', '/api/users', '/api'],
    ['GET', '/static/a.js', '/static/'],
    ['GET', '/static', '/'],
  ])('%s %s goes to %s', (method, path, expected) => {
    expect(routes.find(method, path)).toBe(expected);
  });

  it('goes nowhere when no route takes it', () => {
    const some = table({ path: '/a' }, { path: '/b', methods: ['GET'] });
    expect(some.find('GET', '/c')).toBeNull();
    expect(some.find('POST', '/b')).toBeNull();
  });

  it('goes to the longest path that is a whole part of its own', () => {
    const segment = fc.constantFrom('a', 'b', 'ab');
    const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 8 }), path, (paths, asked) => {
        const fits = (prefix: string): boolean =>
          prefix === '/' || asked === prefix || asked.startsWith(`${prefix}/`);
        const longest = paths.filter(fits).sort((a, b) => b.length - a.length)[0] ?? null;
        expect(table(...paths.map((one) => ({ path: one }))).find('GET', asked)).toBe(longest);
      }),
    );
  });
});
