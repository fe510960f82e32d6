/** Times that no timer can keep are refused, wherever in the section they stand. */
import { describe, expect, it } from 'vitest';
import { findContradictions } from '../../../src/gateway/config/check.js';
import type { GatewaySection } from '../../../src/gateway/config.js';

const problemsOf = (section: GatewaySection) =>
  findContradictions(section).map(({ path, message }) => [path.join('.'), message] as const);

const TOO_SHORT = expect.stringContaining('longer than nothing');
const TOO_LONG = expect.stringContaining('the longest time that can be kept');

describe('a time of nothing', () => {
  it.each<[path: string, section: GatewaySection]>([
    ['timeouts.body', { timeouts: { body: '0s' } }],
    ['timeouts.attempt', { timeouts: { attempt: '0.0ms' } }],
    ['healthCheck.interval', { healthCheck: { interval: '0s' } }],
    ['balancer.decay', { balancer: { name: 'peak-ewma', decay: '0s' } }],
    ['outlierEjection.interval', { outlierEjection: { interval: '0m0s' } }],
    ['routes.1.timeout', { routes: [{ path: '/' }, { path: '/a', timeout: '0s' }] }],
    ['listener.tls.reload', { listener: { tls: { certificate: 'c', key: 'k', reload: '0s' } } }],
    ['concurrency.adaptive.update', { concurrency: { adaptive: { algorithm: 'gradient', update: '0s' } } }],
    ['retry.budget.ttl', { retry: { budget: { type: 'deposit', ttl: '0s' } } }],
  ])('is refused at %s', (path, section) => {
    expect(problemsOf(section)).toEqual([[path, TOO_SHORT]]);
  });

  it('is allowed where it means something', () => {
    const section: GatewaySection = {
      concurrency: { limit: 4, queue: 4, maxWait: '0s', margin: '0s' },
      outlierEjection: { jitter: '0s' },
      retry: { backoff: { base: '0s', max: '0s' }, retryAfter: { max: '0s' } },
      hedge: { after: '0s' },
      cache: { defaultTtl: '0s', staleWhileRevalidate: '0s', staleIfError: '0s', lockTimeout: '0s' },
    };
    expect(problemsOf(section)).toEqual([]);
  });
});

describe('a time that Node would cut down to a millisecond', () => {
  // 2^31 - 1 ms are 24 days, 20 hours and a half.
  it.each<[path: string, section: GatewaySection]>([
    ['timeouts.request', { timeouts: { request: '600h' } }],
    ['cache.staleIfError', { cache: { staleIfError: '577h' } }],
  ])('is refused at %s', (path, section) => {
    expect(problemsOf(section)).toEqual([[path, TOO_LONG]]);
  });

  it('begins above 24 days', () => {
    expect(problemsOf({ timeouts: { body: '576h' } })).toEqual([]);
  });
});

it('a rate of nothing is refused: who used up the burst would wait for ever', () => {
  expect(problemsOf({ rateLimit: { rate: '0/s' } })).toEqual([
    ['rateLimit.rate', expect.stringContaining('lets nobody in')],
  ]);
  expect(problemsOf({ rateLimit: { rate: '1/h' } })).toEqual([]);
});
