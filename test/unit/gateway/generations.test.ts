/** What versions of the config share, what each has for itself, and what reaches all of them. */
import { describe, expect, it } from 'vitest';
import { makeGenerations } from '../../support/generations.js';

describe('a purge', () => {
  it('reaches the caches of the stable, the standing by, the candidate and the draining version', async () => {
    const caching = (maxSize: string) => ({ cache: { maxSize } });
    const { generations, run, send, answer } = makeGenerations(caching('1MiB'));
    answer.headers = { 'cache-control': 'max-age=60', 'content-length': '0' };
    const first = generations.stable;
    const fill = async (): Promise<void> => {
      for (const { live } of [generations.stable, generations.candidate ?? generations.stable]) {
        await send(live);
      }
    };
    // Version 1 still has a request, so it drains; 2 stands by; 3 and 4 serve.
    first.inFlight++;
    await fill();
    run(2, {}, { 2: caching('2MiB') });
    await fill();
    run(3, { standby: 2, candidate: 4 }, { 3: caching('3MiB'), 4: caching('4MiB') });
    await fill();
    expect(generations.purge('all', true), 'made stale').toBe(4);
    expect(generations.purge('all', false), 'one answer in each of the four').toBe(4);
    expect(generations.purge('all', false)).toBe(0);
  });
});

describe('routes', () => {
  it('of one path have a limit each, though the limits are equal', async () => {
    const { generations, send, answer } = makeGenerations({
      routes: [
        { path: '/a', methods: ['GET'], concurrency: 1 },
        { path: '/a', methods: ['POST'], concurrency: 1 },
      ],
    });
    const { parts, config } = generations.stable.live;
    const [get, post] = config.routes!.map((route) => parts.routeLimit(route)!);
    expect(get).not.toBe(post);
    answer.service = () => new Promise(() => {});
    void send(generations.stable.live, '/a');
    expect([get!.inFlight, post!.inFlight]).toEqual([1, 0]);
  });

  it('keep their limit when another one comes before them', () => {
    const narrow = { path: '/a', concurrency: 1 };
    const { generations, run } = makeGenerations({ routes: [narrow] });
    const limitOf = (route: number) => {
      const { parts, config } = generations.stable.live;
      return parts.routeLimit(config.routes![route]!);
    };
    const before = limitOf(0);
    run(2, {}, { 2: { routes: [{ path: '/b', concurrency: 1 }, narrow] } });
    expect(limitOf(1)).toBe(before);
    expect(limitOf(0)).not.toBe(before);
  });
});

describe('the delay of hedges', () => {
  const section = { hedge: { percentile: '95%' }, routes: [{ path: '/a' }, { path: '/b' }] } as const;

  it('outlives a reload, and is each route’s own', () => {
    const { generations, run } = makeGenerations({ ...section, routes: [...section.routes] });
    const delayOf = (route: number) => {
      const { parts, config } = generations.stable.live;
      return parts.hedge(config.routes![route]!)!.delay!;
    };
    const before = delayOf(0);
    for (let count = 0; count < 100; count++) before.record(40, true);
    run(2, {}, { 2: { ...section, routes: [...section.routes], timeouts: { request: '9s' } } });
    expect(delayOf(0).delayMs).toBe(40);
    expect(delayOf(1).delayMs, 'nothing is known of the other yet').toBeNull();
  });

  it('is learned by the pipeline itself', async () => {
    const { generations, run, send } = makeGenerations({ ...section, routes: [...section.routes] });
    for (let count = 0; count < 100; count++) await send(generations.stable.live, '/a');
    run(2, {}, { 2: { ...section, routes: [...section.routes], timeouts: { request: '9s' } } });
    const { parts, config } = generations.stable.live;
    expect(config.routes!.map((route) => parts.hedge(route)!.delay!.delayMs)).toEqual([1, null]);
  });
});
