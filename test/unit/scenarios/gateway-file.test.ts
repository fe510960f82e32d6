/** A gateway section in a file of its own: both forms, JSON, values from outside, and where a mistake is. */
import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../../src/core/document/document.js';
import { type Override, parsePathValue } from '../../../src/core/document/overrides.js';
import { resolveGatewayConfig } from '../../../src/gateway/config.js';
import { parseGatewayFile } from '../../../src/gateway/config-document.js';

const override = (text: string): Override => parsePathValue(text, 'breaker.openFor=5s');

const problemOf = (text: string, ...set: string[]): string => {
  try {
    parseGatewayFile(text, 'gateway.yaml', { overrides: set.map(override) });
  } catch (error) {
    if (error instanceof DocumentError) return error.message;
    throw error;
  }
  return 'nothing is wrong';
};

describe('a gateway file', () => {
  it.each([
    ['nothing', '', {}],
    ['bare keys', 'balancer: p2c', { balancer: 'p2c' }],
    ['its key', 'gateway: { balancer: p2c }', { balancer: 'p2c' }],
    ['JSON', '{"gateway": {"processes": 3}}', { processes: 3 }],
  ] as const)('may hold %s', (_form, text, section) => {
    expect(parseGatewayFile(text, 'gateway.yaml')).toEqual(resolveGatewayConfig(section));
  });

  it('gives way to what is set from outside, and keeps the rest', () => {
    const overrides = [override('breaker.openFor=5s'), override('processes=2')];
    const config = parseGatewayFile('breaker: { openFor: 9s, minRequests: 4 }', 'gateway.yaml', {
      overrides,
    });
    expect(config).toMatchObject({ processes: 2, breaker: { openMs: 5_000, minRequests: 4 } });
  });

  it.each([
    [
      'a wrong value',
      'timeouts:\n  attempt: 5\n',
      'gateway.yaml:2:12: timeouts.attempt: expected a duration',
    ],
    ['an unknown key', 'gateway:\n  breeker: {}\n', 'gateway.yaml:2:3: gateway.breeker: unknown key'],
    ['a key beside gateway', 'gateway: {}\nload: 1\n', 'gateway.yaml:2:1: load: unknown key'],
    ['a wrong value in JSON', '{"gateway": {"retry": 3}}', 'gateway.yaml:1:23: gateway.retry: '],
    ['a key twice', 'balancer: p2c\nbalancer: p2c\n', 'gateway.yaml:2:1: '],
    ['too many processes', 'processes: 65', 'gateway.yaml:1:12: processes: must be <= 64'],
    ['a list', '[1]', 'gateway.yaml:1:1: '],
    [
      'a limit that cannot be divided',
      'gateway:\n  processes: 4\n  concurrency: { limit: 3 }',
      'gateway.yaml:3:25: gateway.concurrency.limit: is 3, which cannot be divided among 4 processes',
    ],
  ])('says where there is %s', (_mistake, text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it('says where an upstream is named that is not there, once the upstreams are known', () => {
    const text =
      'upstreams:\n  worker-1: { priority: 1 }\npools:\n  api: { upstreams: [upstream-1, worker-2] }\n';
    const ids = ['upstream-1', 'upstream-2'];
    expect(parseGatewayFile(text, 'gateway.yaml').pools).toEqual({ api: ['upstream-1', 'worker-2'] });
    expect(() => parseGatewayFile(text, 'gateway.yaml', { ids })).toThrow(
      /^gateway\.yaml:4:34: pools\.api\.upstreams\[?\.?1\]?: .*worker-2.*\ngateway\.yaml:2:13: upstreams\.worker-1: there is no upstream "worker-1"/,
    );
  });

  it('blames what was set from outside, and only that', () => {
    expect(problemOf('processes: 4', 'concurrency.limit=3')).toContain('--set concurrency.limit: is 3');
    expect(problemOf('retry: 3', 'balancer=p2c')).toContain('gateway.yaml:1:8: retry: ');
  });
});
