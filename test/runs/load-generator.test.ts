/**
 * The load generator on real sockets: what its clients send and from where, how they try again, that a closed loop stays
 * one, that users leave for good, and that a flood keeps to its bounds and ends.
 */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { arrivalTimes } from '../../src/scenarios/clients/arrivals.js';
import { argumentOf, type Seen, startGenerator, startTarget } from '../support/generator.js';

const say = (response: ServerResponse, status: number, headers: Record<string, string> = {}): void => {
  response.writeHead(status, headers).end();
};

const byId = (seen: readonly Seen[]): Map<string, Seen[]> => {
  const requests = new Map<string, Seen[]>();
  for (const one of seen) requests.set(one.id, [...(requests.get(one.id) ?? []), one]);
  return requests;
};

const STAGES = 'load: { arrivals: constant, stages: [{ rate: 100/s, for: 1s }] }';

const CLASSES = `
clients:
  patience: 20s
  retry: { attempts: 3 }
  classes:
    web: { share: 60%, tier: free, identities: 3, headers: { accept: text/html } }
    api: { share: 40%, tier: premium, path: '/v1/chat?x=1', bodySize: 2KiB, identities: 2 }
${STAGES}
`;

describe('clients in classes', () => {
  it('send what their class asks for, from addresses of their own, and the same id with every try', async () => {
    const target = await startTarget((response, _seen, tries) => say(response, tries < 2 ? 503 : 200));
    const { finished, records } = await startGenerator(argumentOf(CLASSES, target.origin));
    await finished;
    expect(records).toHaveLength(100);
    expect(records.every(({ ok, attempts }) => ok && attempts.length === 3)).toBe(true);
    const requests = byId(target.seen);
    expect(requests.size).toBe(100);
    // Nobody names a collector, so nobody begins a trace.
    expect(target.seen.filter(({ headers }) => headers.traceparent !== undefined)).toEqual([]);
    for (const tries of requests.values()) {
      expect(tries).toHaveLength(3);
      for (const key of ['address', 'path', 'method', 'bodyBytes'] as const) {
        expect(new Set(tries.map((one) => one[key])).size).toBe(1);
      }
      const [{ headers, path, method, bodyBytes }] = tries as [Seen];
      if (headers['x-client-class'] === 'web') {
        expect(headers).toMatchObject({ 'x-client-tier': 'free', 'x-tier': 'free', accept: 'text/html' });
        expect([method, path, bodyBytes]).toEqual(['GET', '/', 0]);
      } else {
        expect(headers).toMatchObject({
          'x-client-class': 'api',
          'x-client-tier': 'premium',
          'x-tier': 'premium',
        });
        expect([method, path, bodyBytes]).toEqual(['POST', '/v1/chat?x=1', 2048]);
      }
    }
    const addressesOf = (name: string): string[] =>
      [
        ...new Set(
          target.seen
            .filter(({ headers }) => headers['x-client-class'] === name)
            .map(({ address }) => address),
        ),
      ].sort();
    expect(addressesOf('web')).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.4']);
    expect(addressesOf('api')).toEqual(['127.0.0.5', '127.0.0.6']);
    const ofWeb = records.filter((record) => record.class === 'web').length;
    expect(ofWeb).toBeGreaterThan(40);
    expect(ofWeb).toBeLessThan(80);
  });

  it('arrive when they would without classes, and without a population beside them', async () => {
    const target = await startTarget((response) => say(response, 200));
    const load = 'load: { stages: [{ rate: 80/s, to: 160/s, for: 1s }] }\n';
    const others = [
      load,
      `${CLASSES.replace(STAGES, load)}`,
      'load: { stages: [{ rate: 80/s, to: 160/s, for: 1s }], population: { users: 3, think: { mean: 100ms } } }\n',
    ];
    const arrivals: number[][] = [];
    for (const sections of others) {
      const argument = argumentOf(sections, target.origin);
      const { finished, records } = await startGenerator(argument);
      await finished;
      const ofStages = records
        .filter(({ id }) => typeof id === 'number')
        .sort((a, b) => (a.id as number) - (b.id as number));
      arrivals.push(ofStages.map(({ arrivalMs }) => arrivalMs));
      expect(arrivals.at(-1)).toEqual([
        ...arrivalTimes(argument.load, new Random(argument.seed).fork('arrivals')),
      ]);
    }
    expect(arrivals[1]).toEqual(arrivals[0]);
    expect(arrivals[2]).toEqual(arrivals[0]);
  });

  it('without classes send nothing but the id, from 127.0.0.1', async () => {
    const target = await startTarget((response) => say(response, 200));
    const { finished, records } = await startGenerator(argumentOf(STAGES, target.origin));
    await finished;
    expect(records[0]).not.toHaveProperty('class');
    const { headers, address, method, path } = target.seen[0]!;
    expect(Object.keys(headers).sort()).toEqual(['connection', 'host', 'x-request-id']);
    expect([address, method, path]).toEqual(['127.0.0.1', 'GET', '/']);
  });
});

describe('a client that honours Retry-After', () => {
  it.each([
    ['in seconds', () => '1'],
    // Whole seconds: what is left of this one may be next to nothing.
    ['as a date', () => new Date(Date.now() + 2_000).toUTCString()],
  ])('comes back no sooner, told %s', async (_form, field) => {
    const target = await startTarget((response, _seen, tries) =>
      tries === 0 ? say(response, 503, { 'retry-after': field() }) : say(response, 200),
    );
    const sections =
      'clients: { patience: 20s, retry: { attempts: 2, retryAfter: honour } }\n' +
      'load: { arrivals: constant, stages: [{ rate: 10/s, for: 1s }] }\n';
    const { finished, records } = await startGenerator(argumentOf(sections, target.origin));
    await finished;
    expect(records.every(({ ok }) => ok)).toBe(true);
    const waits = [...byId(target.seen).values()].map(([first, second]) => second!.atMs - first!.atMs);
    expect(waits).toHaveLength(10);
    // Two clocks, that of the date and that of the generator, agree to a few milliseconds.
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(980);
  });
});

describe('a population', () => {
  it('never has more in flight than users, and each user one address', async () => {
    const target = await startTarget((response) => setTimeout(() => say(response, 200), 20));
    const sections = `
clients: { identities: 4 }
load: { population: { users: 8, for: 1500ms, think: { distribution: constant, mean: 10ms }, session: { requests: 5 } } }
`;
    const { finished, records, population } = await startGenerator(argumentOf(sections, target.origin));
    await finished;
    expect(target.counts.most).toBeLessThanOrEqual(8);
    expect(target.counts.most).toBeGreaterThan(4);
    // Connections are used again: there are never more of them than users either.
    expect(target.counts.mostConnections).toBeLessThanOrEqual(8);
    expect(records.length).toBe(target.seen.length);
    expect(population()['']).toMatchObject({ users: 8, usersLost: 0, sessionsFailed: 0 });
    const addresses = new Map<string, Set<string>>();
    for (const { id, address } of target.seen) {
      const user = /-(user-\d+)-/.exec(id)![1]!;
      addresses.set(user, (addresses.get(user) ?? new Set()).add(address));
    }
    expect(addresses.size).toBe(8);
    expect([...addresses.values()].every((of) => of.size === 1)).toBe(true);
  });

  it('loses users who have had enough, for good', async () => {
    const target = await startTarget((response, { headers }) =>
      say(response, headers['x-client-class'] === 'ios' ? 503 : 200),
    );
    const sections = `
clients: { classes: { web: { share: 50% }, ios: { share: 50% } } }
load:
  population:
    users: 6
    for: 1500ms
    think: { mean: 20ms }
    leavesAfter: { failures: 3 }
`;
    const { finished, records, population } = await startGenerator(argumentOf(sections, target.origin));
    await finished;
    expect(population()).toMatchObject({
      web: { users: 3, usersLost: 0, sessionsFailed: 0 },
      ios: { users: 3, usersLost: 3, sessions: 3, sessionsFailed: 3 },
    });
    expect(records.filter((record) => record.class === 'ios')).toHaveLength(9);
    expect(records.filter((record) => record.class === 'web').length).toBeGreaterThan(9);
  });
});

describe('a flood', () => {
  const flood = (more: string): string => `
load: { arrivals: constant, stages: [{ rate: 20/s, for: 2s }] }
timeline:
  - { at: 200ms, flood: { rate: 300/s, identities: 3, path: /expensive, for: 1s${more} } }
`;
  const isFlood = ({ path }: Seen): boolean => path === '/expensive';

  it('comes from many addresses, is counted apart, and is over on time', async () => {
    const target = await startTarget((response, { path }) => say(response, path === '/' ? 200 : 429));
    const { finished, records, floodEnded } = await startGenerator(argumentOf(flood(''), target.origin));
    const counts = await floodEnded;
    const during = target.seen.filter(isFlood);
    expect(counts.ok).toBe(0);
    expect(Object.keys(counts.status)).toEqual(['429']);
    // What was in flight at the end was taken back, some of it before it was there.
    expect(during.length).toBeGreaterThanOrEqual(counts.status['429']!);
    expect(during.length).toBeLessThanOrEqual(counts.sent);
    expect(counts.sent + counts.skipped).toBeGreaterThan(200);
    expect(counts.sent + counts.skipped).toBeLessThanOrEqual(300);
    expect([...new Set(during.map(({ address }) => address))].sort()).toEqual([
      '127.0.0.2',
      '127.0.0.3',
      '127.0.0.4',
    ]);
    expect(new Set(during.map(({ id }) => id)).size).toBe(during.length);
    await finished;
    expect(target.seen.filter(isFlood)).toHaveLength(during.length);
    expect(records).toHaveLength(40);
    expect(records.every(({ ok }) => ok)).toBe(true);
  });

  it('is bounded in connections against a server that never answers, and takes them back at its end', async () => {
    const target = await startTarget((response, { path }) => {
      if (path === '/') say(response, 200);
    });
    const { finished, floodEnded, floods, stop } = await startGenerator(
      argumentOf(flood(', connections: 12'), target.origin),
    );
    const { skipped, ...counts } = await floodEnded;
    expect(counts).toEqual({ sent: 12, ok: 0, status: {} });
    expect(skipped).toBeGreaterThan(200);
    await finished;
    expect(target.seen.filter(isFlood)).toHaveLength(12);
    expect(target.counts.inFlight).toBe(0);
    expect(floods()).toMatchObject([{ sent: 12 }]);
    await stop();
    await target.deserted();
  });

  it('ends with the generator, in the middle of it', async () => {
    let stopNow = (): void => {};
    const flooded = new Promise<void>((resolve) => {
      stopNow = resolve;
    });
    const target = await startTarget((response, seen) => {
      if (isFlood(seen)) stopNow();
      else say(response, 200);
    });
    const { stop, floodEnded } = await startGenerator(argumentOf(flood(''), target.origin));
    await flooded;
    await stop();
    await target.deserted();
    expect((await floodEnded).sent).toBeGreaterThan(0);
  });
});
