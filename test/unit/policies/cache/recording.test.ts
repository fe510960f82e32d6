/** Bodies on their way into the store: only whole ones arrive, and memory for the others is given back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../../../src/policies/service.js';
import { makeCache, turn } from './upstream.js';

const MINUTE: Headers = { 'cache-control': 'max-age=60' };
const CHUNKED: Headers = { ...MINUTE, 'transfer-encoding': 'chunked' };

/** One request with a body that the test writes. */
const recording = async (headers: Headers, options = {}) => {
  const made = makeCache(options);
  const sent = made.send();
  await turn();
  const response = made.pending[0]!.respond(200, headers);
  await turn();
  return { ...made, sent, response };
};

describe('a body on its way into the store', () => {
  it('arrives when it ends, in one piece, with its length', async () => {
    const { response, cache, exchange } = await recording(CHUNKED);
    response.write('hel');
    response.write('lo');
    expect(cache.entries).toBe(0);
    response.finish();
    const hit = await exchange(null);
    expect(hit).toMatchObject({ body: 'hello', whole: true });
    expect(hit.headers).toMatchObject({ 'content-length': '5' });
    expect(hit.headers['transfer-encoding']).toBeUndefined();
  });

  it('that breaks off is not stored, and its client knows', async () => {
    const { response, cache, sent } = await recording(CHUNKED);
    response.write('hel');
    response.breakOff();
    expect(cache).toMatchObject({ entries: 0, bytes: 0 });
    expect(sent.client).toMatchObject({ body: 'hel', end_: { code: 'BGW_ERR_BODY_BROKEN' } });
  });

  it('that is shorter than it was said to be is not stored', async () => {
    const { response, cache } = await recording({ ...MINUTE, 'content-length': '9' });
    response.write('hello');
    response.finish();
    expect(cache).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('whose end is the end of the connection is not stored: whole or cut, nobody can tell', async () => {
    const { response, cache, sent } = await recording(MINUTE);
    response.write('hello');
    response.finish();
    expect(sent.client).toMatchObject({ body: 'hello', end_: null });
    expect(cache.entries).toBe(0);
  });

  it('that was whole before anybody relayed it arrives', async () => {
    const { send, pending, cache } = makeCache();
    const sent = send('/', {}, 'GET', false);
    await turn();
    pending[0]!.respond(200, MINUTE, 'hello');
    await turn();
    sent.response!.relay(sent.client);
    expect(sent.client).toMatchObject({ body: 'hello', end_: null });
    expect(cache.entries).toBe(1);
  });

  it('that broke before anybody relayed it does not', async () => {
    const { send, pending, cache } = makeCache();
    const sent = send('/', {}, 'GET', false);
    await turn();
    const response = pending[0]!.respond(200, CHUNKED);
    response.write('hel');
    await turn();
    response.breakOff();
    sent.response!.relay(sent.client);
    expect(sent.client.end_).toMatchObject({ code: 'BGW_ERR_BODY_BROKEN' });
    expect(cache).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('that is destroyed does not, even if nothing was wrong with it', async () => {
    const { sent, response, cache } = await recording(CHUNKED);
    response.write('hel');
    sent.response!.destroy(null);
    expect(cache).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('that is said to be too large is passed on as it is, with its client’s pace', async () => {
    const { response, sent, cache } = await recording(
      { ...MINUTE, 'content-length': '9' },
      { maxBodyBytes: 8 },
    );
    sent.client.wantsMore = false;
    expect(sent.response).toBe(response);
    expect(response.write('123456789')).toBe(false);
    expect(cache.bytes).toBe(0);
  });

  it('that turns out to be too large is relayed from then on at its client’s pace, and not kept', async () => {
    const { response, sent, cache } = await recording(CHUNKED, { maxBodyBytes: 8 });
    sent.client.wantsMore = false;
    expect(response.write('12345678')).toBe(true);
    expect(cache.bytes).toBeGreaterThanOrEqual(8);
    expect(response.write('9')).toBe(false);
    expect(cache.bytes).toBe(0);
    sent.response!.resume();
    expect(response.paused).toBe(false);
    response.write('0');
    response.finish();
    expect(sent.client).toMatchObject({ body: '1234567890', end_: null });
    expect(cache.entries).toBe(0);
  });

  it('that turns out to be too large ends when its client is gone', async () => {
    const { response, sent } = await recording(CHUNKED, { maxBodyBytes: 8 });
    response.write('12345678');
    sent.leave();
    expect(response.destroyedWith).toBeUndefined();
    response.write('9');
    expect(response.destroyedWith).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
  });

  it('finds no room while others on their way take it all, and is relayed all the same', async () => {
    const { send, pending, cache } = makeCache({ maxBytes: 4000, maxBodyBytes: 900 });
    const sent = ['/1', '/2', '/3'].map((path) => send(path));
    await turn();
    const responses = pending.map((one) => one.respond(200, CHUNKED));
    await turn();
    for (const response of responses) response.write('x'.repeat(300));
    for (const response of responses) response.finish();
    for (const { client } of sent) expect(client).toMatchObject({ body: 'x'.repeat(300), end_: null });
    expect(cache.entries).toBe(2);
  });

  it('counts its chunks too: very many small ones are more than they look', async () => {
    const { response, cache } = await recording(CHUNKED, { maxBytes: 8000, maxBodyBytes: 1000 });
    for (let count = 0; count < 20; count++) response.write('x');
    response.finish();
    expect(cache.entries).toBe(0);
  });

  it('is a copy: what the upstream does with its buffers later is its own affair', async () => {
    const { response, exchange } = await recording(CHUNKED);
    const chunk = Buffer.from('hello');
    response.write(chunk);
    response.finish();
    chunk.fill('!');
    expect((await exchange(null)).body).toBe('hello');
  });

  it('gives back all memory, however it ends', async () => {
    const step = fc.constantFrom('write', 'finish', 'break', 'leave', 'destroy', 'resume');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, chunked) => {
        const { response, sent, cache } = await recording(
          chunked ? CHUNKED : { ...MINUTE, 'content-length': '12' },
          { maxBodyBytes: 20 },
        );
        for (const one of steps) {
          if (one === 'write') response.write('1234');
          else if (one === 'finish') response.finish();
          else if (one === 'break') response.breakOff();
          else if (one === 'leave') sent.leave();
          else if (one === 'destroy') sent.response!.destroy();
          else sent.response!.resume();
        }
        response.breakOff();
        await turn();
        expect(sent.client.end_).toBeDefined();
        cache.purge('all');
        expect(cache.bytes).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
