/** Stale answers (RFC 5861): while a new one is fetched, and when the upstream fails; and what forbids them. */
import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../../../src/core/errors.js';
import { MAX_BACKGROUND } from '../../../../src/policies/cache/fetch.js';
import type { Headers } from '../../../../src/policies/service.js';
import { makeCache, turn } from './upstream.js';

const WHILE: Headers = { 'cache-control': 'max-age=60, stale-while-revalidate=10', etag: '"a"' };
const ON_ERROR: Headers = { 'cache-control': 'max-age=60, stale-if-error=30', etag: '"a"' };

describe('stale while revalidating', () => {
  it('answers at once, fetches once behind it, and the next gets the new one', async () => {
    const { clock, exchange, send, pending, events } = makeCache();
    await exchange({ headers: WHILE, body: 'old' });
    clock.advance(63_000);
    const first = send();
    const second = send();
    await turn();
    expect(first.client.body).toBe('old');
    expect(second.client.body).toBe('old');
    expect(first.response!.headers['cache-status']).toBe('badgateway; hit; ttl=-3');
    expect(pending).toHaveLength(2);
    expect(pending[1]!.request.headers['if-none-match']).toBe('"a"');
    pending[1]!.respond(200, WHILE, 'new');
    await turn();
    expect(await exchange(null)).toMatchObject({ body: 'new', forwarded: null });
    expect(events).toEqual([
      'miss uri-miss',
      'stored a.example/',
      'stale revalidating',
      'stale revalidating',
      'stored a.example/',
      'hit',
    ]);
  });

  it('ends with its window: then the client waits', async () => {
    const { clock, exchange } = makeCache();
    await exchange({ headers: WHILE, body: 'old' });
    clock.advance(70_000);
    expect(await exchange({ headers: WHILE, body: 'new' })).toMatchObject({ body: 'new' });
  });

  it('goes on when the client leaves', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: WHILE, body: 'old' });
    clock.advance(63_000);
    const sent = send();
    await turn();
    sent.leave();
    expect(pending[1]!.over).toBe(false);
  });

  it('tries no more often than once a second while it fails', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: WHILE, body: 'old' });
    clock.advance(61_000);
    send();
    await turn();
    pending[1]!.fail('BGW_ERR_CONNECTION_REFUSED');
    await turn();
    clock.advance(999);
    send();
    await turn();
    expect(pending).toHaveLength(2);
    clock.advance(1);
    send();
    await turn();
    expect(pending).toHaveLength(3);
  });

  it('says nothing of an error that no client met', async () => {
    const { clock, exchange, pending, events } = makeCache();
    await exchange({
      headers: { 'cache-control': 'max-age=60, stale-while-revalidate=10, stale-if-error=10' },
    });
    clock.advance(61_000);
    await exchange({ status: 503 });
    expect(pending).toHaveLength(2);
    expect(events.slice(2)).toEqual(['stale revalidating']);
  });

  it('fetches a bounded number of things at once', async () => {
    const { clock, exchange, send, pending } = makeCache();
    const paths = Array.from({ length: MAX_BACKGROUND + 2 }, (_, index) => `/${index}`);
    for (const path of paths) await exchange({ headers: WHILE, body: 'old' }, path);
    clock.advance(61_000);
    const before = pending.length;
    const sent = paths.map((path) => send(path));
    await turn();
    expect(pending.length - before).toBe(MAX_BACKGROUND);
    for (const { client } of sent) expect(client.body).toBe('old');
    for (const one of pending.slice(before)) one.respond(200, WHILE, 'new');
    await turn();
    send(paths.at(-1));
    await turn();
    expect(pending.length - before).toBe(MAX_BACKGROUND + 1);
  });

  it('by a HEAD fetches the whole', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: WHILE, body: 'old' });
    clock.advance(61_000);
    send('/', {}, 'HEAD');
    await turn();
    expect(pending[1]!.request.method).toBe('GET');
  });

  it('is given by the operator to what does not speak of it', async () => {
    const { clock, exchange, send } = makeCache({ staleWhileRevalidateMs: 10_000 });
    await exchange({ headers: { 'cache-control': 'max-age=60' }, body: 'old' });
    clock.advance(69_999);
    const sent = send();
    await turn();
    expect(sent.client.body).toBe('old');
  });
});

describe('stale on error', () => {
  it.each<ErrorCode>([
    'BGW_ERR_CONNECTION_REFUSED',
    'BGW_ERR_RESPONSE_TIMEOUT',
    'BGW_ERR_NO_UPSTREAM',
    'BGW_ERR_QUEUE_FULL',
    'BGW_ERR_CIRCUIT_OPEN',
  ])('covers %s', async (code) => {
    const { clock, exchange, send, pending, events } = makeCache();
    await exchange({ headers: ON_ERROR, body: 'old' });
    clock.advance(61_000);
    const sent = send();
    await turn();
    pending[1]!.fail(code);
    await turn();
    expect(sent.client).toMatchObject({ body: 'old', end_: null });
    expect(sent.response!.headers['cache-status']).toBe('badgateway; fwd=stale; detail=stale-if-error');
    expect(events.slice(-2)).toEqual(['miss stale', 'stale error']);
  });

  it('covers the upstream’s own errors, and gives their connection back', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: ON_ERROR, body: 'old' });
    clock.advance(61_000);
    const sent = send();
    await turn();
    const error = pending[1]!.respond(503, {});
    await turn();
    expect(sent.client.body).toBe('old');
    expect(sent.response!.headers['cache-status']).toContain('fwd-status=503');
    expect(error.destroyedWith).toBeNull();
  });

  it('covers a deadline: the client gets what is stored at the last moment', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: ON_ERROR, body: 'old' });
    clock.advance(61_000);
    const [leader, waiter] = [send(), send()];
    await turn();
    leader.call.cancel(new GatewayError('BGW_ERR_DEADLINE'));
    waiter.call.cancel(new GatewayError('BGW_ERR_DEADLINE'));
    await turn();
    expect(leader.client).toMatchObject({ body: 'old', end_: null });
    expect(waiter.client).toMatchObject({ body: 'old', end_: null });
    pending[1]!.respond(200, ON_ERROR, 'new');
    await turn();
    expect((await exchange(null)).body).toBe('new');
  });

  it('is told once, even when what was asked for ends with the client', async () => {
    const { clock, exchange, send, events } = makeCache();
    await exchange({ headers: ON_ERROR, body: 'old' });
    clock.advance(61_000);
    // Others that go on without a client take all the room there is.
    const leavers = Array.from({ length: MAX_BACKGROUND }, (_, index) => send(`/${index}`));
    await turn();
    for (const leaver of leavers) leaver.leave();
    const late = send();
    await turn();
    late.call.cancel(new GatewayError('BGW_ERR_DEADLINE'));
    await turn();
    expect(late.client.body).toBe('old');
    expect(events.filter((event) => event === 'stale error')).toHaveLength(1);
  });

  it('does not cover a client that leaves', async () => {
    const { clock, exchange, send, events } = makeCache();
    await exchange({ headers: ON_ERROR, body: 'old' });
    clock.advance(61_000);
    const sent = send();
    await turn();
    sent.leave();
    await turn();
    expect(sent.error).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
    expect(events.at(-1)).toBe('miss stale');
  });

  it('answers all who wait, and for a second all who come, without asking again', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: ON_ERROR, body: 'old' });
    clock.advance(61_000);
    const sent = [send(), send(), send()];
    await turn();
    pending[1]!.fail('BGW_ERR_CONNECTION_REFUSED');
    await turn();
    for (const { client } of sent) expect(client.body).toBe('old');
    clock.advance(999);
    expect(await exchange(null)).toMatchObject({ body: 'old', forwarded: null });
    clock.advance(1);
    expect((await exchange({ headers: ON_ERROR, body: 'new' })).body).toBe('new');
  });

  it.each<[string, Headers, Headers, number]>([
    ['past its window', ON_ERROR, {}, 90_000],
    [
      'what must be validated',
      { 'cache-control': 'max-age=60, stale-if-error=30, must-revalidate' },
      {},
      61_000,
    ],
    ['a client that insists', ON_ERROR, { 'cache-control': 'no-cache' }, 61_000],
    ['what does not allow it', { 'cache-control': 'max-age=60' }, {}, 61_000],
  ])('does not cover %s', async (_title, headers, asked, afterMs) => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers, body: 'old' });
    clock.advance(afterMs);
    const sent = send('/', asked);
    await turn();
    pending[1]!.fail('BGW_ERR_CONNECTION_REFUSED');
    await turn();
    expect(sent.error).toMatchObject({ code: 'BGW_ERR_CONNECTION_REFUSED' });
  });

  it('is given by the operator to what does not speak of it', async () => {
    const { clock, exchange } = makeCache({ staleIfErrorMs: 60_000 });
    await exchange({ headers: { 'cache-control': 'max-age=60' }, body: 'old' });
    clock.advance(119_000);
    expect(await exchange({ status: 500 })).toMatchObject({ status: 200, body: 'old' });
    clock.advance(1_000);
    expect(await exchange({ status: 500 })).toMatchObject({ status: 500 });
  });

  it('does not bring back what was purged meanwhile', async () => {
    const { clock, cache, exchange, send, pending } = makeCache();
    await exchange({ headers: ON_ERROR, body: 'old' });
    clock.advance(61_000);
    const sent = send();
    await turn();
    cache.purge('all');
    pending[1]!.fail('BGW_ERR_CONNECTION_REFUSED');
    await turn();
    expect(sent.error).toMatchObject({ code: 'BGW_ERR_CONNECTION_REFUSED' });
  });

  it('keeps a dead upstream’s answers, and loses them without the policy', async () => {
    // The textbook effect and its absence: 200 requests over 20 s to an upstream that died after the first.
    const served = async (staleIfErrorMs: number): Promise<number> => {
      const { clock, exchange } = makeCache({ staleIfErrorMs });
      await exchange({ headers: { 'cache-control': 'max-age=1' }, body: 'old' });
      clock.advance(1_000);
      let good = 0;
      for (let count = 0; count < 200; count++) {
        clock.advance(100);
        good += (await exchange({ status: 503, body: 'down' })).status === 200 ? 1 : 0;
      }
      return good;
    };
    expect(await served(60_000)).toBe(200);
    expect(await served(0)).toBe(0);
  });
});
