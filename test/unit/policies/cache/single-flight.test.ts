/** Single flight: who goes, who waits, for how long, and what becomes of those who wait when things go wrong. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_WAITERS, UNCACHEABLE_MS } from '../../../../src/policies/cache/flights.js';
import type { Headers } from '../../../../src/policies/service.js';
import { makeCache, type Sent, turn } from './upstream.js';

const MINUTE: Headers = { 'cache-control': 'max-age=60' };

const sendMany = (send: () => Sent, count: number): Sent[] => Array.from({ length: count }, () => send());

describe('requests for the same thing at once', () => {
  it('make one request, and all get what it brings', async () => {
    const { send, pending, events } = makeCache();
    const sent = sendMany(send, 20);
    await turn();
    expect(pending).toHaveLength(1);
    pending[0]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(pending).toHaveLength(1);
    for (const { client } of sent) expect(client).toMatchObject({ body: 'hello', end_: null });
    expect(sent[1]!.response!.headers['cache-status']).toBe('badgateway; fwd=uri-miss; collapsed');
    expect(events.filter((event) => event === 'hit collapsed')).toHaveLength(19);
  });

  it('wait for the whole body', async () => {
    const { send, pending } = makeCache();
    const [first, second] = sendMany(send, 2);
    await turn();
    const response = pending[0]!.respond(200, { ...MINUTE, 'content-length': '4' });
    await turn();
    response.write('he');
    expect(first!.client.body).toBe('he');
    await turn();
    expect(second!.response).toBeUndefined();
    response.write('y!');
    response.finish();
    await turn();
    expect(second!.client).toMatchObject({ body: 'hey!', end_: null });
  });

  it('do not wait for a slow client', async () => {
    const { send, pending } = makeCache();
    const [slow, second] = sendMany(send, 2);
    slow!.client.wantsMore = false;
    await turn();
    const response = pending[0]!.respond(200, { ...MINUTE, 'transfer-encoding': 'chunked' });
    await turn();
    expect(response.write('he')).toBe(true);
    expect(response.write('y!')).toBe(true);
    response.finish();
    await turn();
    expect(second!.client.body).toBe('hey!');
  });

  it('go all at once when the answer turns out to be nobody else’s, and wait no more', async () => {
    const { clock, send, pending } = makeCache();
    const sent = sendMany(send, 10);
    await turn();
    pending[0]!.respond(200, { 'cache-control': 'no-store' }, 'mine');
    await turn();
    expect(pending).toHaveLength(10);
    for (const one of pending.slice(1)) one.respond(200, { 'cache-control': 'no-store' }, 'mine');
    await turn();
    for (const { client } of sent) expect(client.body).toBe('mine');
    sendMany(send, 5);
    await turn();
    expect(pending).toHaveLength(15);
    clock.advance(UNCACHEABLE_MS);
    sendMany(send, 5);
    await turn();
    expect(pending).toHaveLength(16);
  });

  it('wait again once there was an answer that could be stored', async () => {
    const { clock, cache, send, pending } = makeCache();
    sendMany(send, 1);
    await turn();
    pending[0]!.respond(200, {}, 'mine');
    await turn();
    sendMany(send, 1);
    await turn();
    pending[1]!.respond(200, MINUTE, 'everybody’s');
    await turn();
    clock.advance(60_000);
    sendMany(send, 5);
    await turn();
    expect(pending).toHaveLength(3);
    pending[2]!.respond(200, MINUTE, 'everybody’s');
    await turn();
    cache.purge('all');
    clock.advance(1);
    sendMany(send, 5);
    await turn();
    expect(pending).toHaveLength(4);
  });

  it('go one after another while it fails', async () => {
    const { send, pending } = makeCache();
    const sent = sendMany(send, 4);
    await turn();
    pending[0]!.fail('BGW_ERR_CONNECTION_REFUSED');
    await turn();
    expect(pending).toHaveLength(2);
    pending[1]!.respond(503, {}, 'sorry');
    await turn();
    expect(pending).toHaveLength(3);
    pending[2]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(pending).toHaveLength(3);
    expect(sent[0]!.error).toMatchObject({ code: 'BGW_ERR_CONNECTION_REFUSED' });
    expect(sent.map(({ client }) => client.body)).toEqual(['', 'sorry', 'hello', 'hello']);
  });

  it('go one after another while bodies break off', async () => {
    const { send, pending } = makeCache();
    const sent = sendMany(send, 3);
    await turn();
    const broken = pending[0]!.respond(200, { ...MINUTE, 'content-length': '9' });
    await turn();
    broken.write('hel');
    broken.breakOff();
    await turn();
    expect(sent[0]!.client.end_).toMatchObject({ code: 'BGW_ERR_BODY_BROKEN' });
    expect(pending).toHaveLength(2);
    pending[1]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(sent[1]!.client.body).toBe('hello');
    expect(sent[2]!.client.body).toBe('hello');
  });

  it('go on when a body breaks off that its client never began to read', async () => {
    const { send, pending } = makeCache();
    send('/', {}, 'GET', false);
    send();
    await turn();
    const broken = pending[0]!.respond(200, { ...MINUTE, 'content-length': '9' });
    await turn();
    broken.breakOff();
    await turn();
    expect(pending).toHaveLength(2);
  });

  it('go all at once when the answer was too old already when it came', async () => {
    const { send, pending } = makeCache();
    sendMany(send, 5);
    await turn();
    pending[0]!.respond(200, { ...MINUTE, age: '61', etag: '"a"' }, 'hello');
    await turn();
    expect(pending).toHaveLength(5);
  });

  it('wait no longer than 5 s each, and then go by themselves', async () => {
    const { clock, send, pending } = makeCache();
    send();
    await turn();
    clock.advance(1_000);
    send();
    await turn();
    clock.advance(4_999);
    await turn();
    expect(pending).toHaveLength(1);
    clock.advance(1);
    await turn();
    expect(pending).toHaveLength(2);
  });

  it('do not wait for one who has been away for 5 s', async () => {
    const { clock, send, pending } = makeCache();
    send();
    await turn();
    clock.advance(5_000);
    const newcomer = send();
    send();
    await turn();
    expect(pending).toHaveLength(2);
    pending[0]!.fail('BGW_ERR_RESPONSE_TIMEOUT');
    await turn();
    expect(pending).toHaveLength(2);
    pending[1]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(newcomer.client.body).toBe('hello');
    expect(pending).toHaveLength(2);
  });

  it('wait in bounded number', async () => {
    const { send, pending } = makeCache();
    sendMany(send, MAX_WAITERS + 3);
    await turn();
    expect(pending).toHaveLength(3);
  });

  it('wait by variant as soon as it is known that there are any', async () => {
    const { clock, send, pending } = makeCache();
    const vary = { ...MINUTE, vary: 'lang' };
    for (const lang of ['de', 'de', 'en', 'en']) send('/', { lang });
    await turn();
    pending[0]!.respond(200, vary, 'Guten Tag');
    await turn();
    expect(pending).toHaveLength(2);
    pending[1]!.respond(200, vary, 'Hello');
    await turn();
    clock.advance(60_000);
    for (const lang of ['de', 'en', 'de', 'en']) send('/', { lang });
    await turn();
    expect(pending).toHaveLength(4);
    for (const lang of ['fr', 'it', 'fr', 'it']) send('/', { lang });
    await turn();
    expect(pending).toHaveLength(6);
  });

  it('do not wait with credentials, nor for what is validated each time', async () => {
    const { send, pending } = makeCache();
    sendMany(() => send('/', { authorization: 'x' }), 3);
    await turn();
    expect(pending).toHaveLength(3);
    send('/always');
    await turn();
    pending[3]!.respond(200, { 'cache-control': 'no-cache', etag: '"a"' }, 'hello');
    await turn();
    sendMany(() => send('/always'), 3);
    await turn();
    expect(pending).toHaveLength(7);
  });

  it('do not wait when each wants it younger than what is stored', async () => {
    const { clock, send, pending, exchange } = makeCache();
    await exchange({ headers: MINUTE });
    clock.advance(5_000);
    sendMany(() => send('/', { 'cache-control': 'max-age=1' }), 3);
    await turn();
    expect(pending).toHaveLength(4);
  });

  it('validate once what is stale', async () => {
    const { clock, send, pending, exchange } = makeCache();
    await exchange({ headers: { ...MINUTE, etag: '"a"' }, body: 'hello' });
    clock.advance(60_000);
    const sent = sendMany(send, 5);
    await turn();
    expect(pending).toHaveLength(2);
    pending[1]!.respond(304, { etag: '"a"' }, '');
    await turn();
    for (const { client } of sent) expect(client.body).toBe('hello');
    expect(pending).toHaveLength(2);
  });
});

describe('whatever happens to requests for the same thing', () => {
  it('every client gets exactly one whole answer or one error, and nothing is left', async () => {
    const action = fc.constantFrom(
      'send',
      'send',
      'store',
      'private',
      'error',
      'fail',
      'break',
      'leave',
      'advance',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const { clock, cache, send, pending } = makeCache();
        const sent: Sent[] = [];
        const left = new Set<Sent>();
        const answer = (how: string): void => {
          const one = pending.find(({ over }) => !over);
          if (one === undefined) return;
          if (how === 'store') one.respond(200, MINUTE, 'hello');
          else if (how === 'private') one.respond(200, {}, 'hello');
          else if (how === 'error') one.respond(500, {}, 'error');
          else if (how === 'fail') one.fail('BGW_ERR_CONNECTION_RESET');
          else if (how === 'break') {
            const response = one.respond(200, { ...MINUTE, 'content-length': '5' });
            response.write('he');
            response.breakOff();
          }
        };
        for (const one of actions) {
          if (one === 'send') sent.push(send());
          else if (one === 'advance') clock.advance(2_600);
          else if (one === 'leave' && sent.length > 0) {
            left.add(sent.at(-1)!);
            sent.at(-1)!.leave();
          } else answer(one);
          await turn();
        }
        for (let round = 0; round < 100 && pending.some(({ over }) => !over); round++) {
          answer('store');
          await turn();
        }
        for (const one of sent) {
          expect(Number(one.error !== undefined) + Number(one.response !== undefined)).toBe(1);
          if (one.response !== undefined) expect(one.client.end_).toBeDefined();
          if (one.client.end_ === null) expect(['hello', 'error']).toContain(one.client.body);
        }
        const before = pending.length;
        cache.purge('all');
        clock.advance(UNCACHEABLE_MS);
        const last = [send(), send()];
        await turn();
        expect(pending.length).toBe(before + 1);
        pending.at(-1)!.respond(200, MINUTE, 'hello');
        await turn();
        for (const { client } of last) expect(client.body).toBe('hello');
        cache.purge('all');
        expect(cache.bytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
