/** Single flight and the client of the one who goes: it may leave, stall or be late, and the others get their answer. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.js';
import { MAX_BACKGROUND } from '../../../../src/policies/cache/fetch.js';
import type { Headers } from '../../../../src/policies/service.js';
import { makeCache, type Sent, turn } from './upstream.js';

const MINUTE: Headers = { 'cache-control': 'max-age=60' };

const sendMany = (send: () => Sent, count: number): Sent[] => Array.from({ length: count }, () => send());

describe('the client of the one who went', () => {
  it('may leave while others wait: they get what it asked for', async () => {
    const { send, pending } = makeCache();
    const [leaver, second] = sendMany(send, 2);
    await turn();
    leaver!.leave();
    await turn();
    expect(leaver!.error).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
    expect(pending[0]!.over).toBe(false);
    pending[0]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(second!.client.body).toBe('hello');
    expect(pending).toHaveLength(1);
  });

  it('may leave in the middle of the body: it ends for that client and not for the others', async () => {
    const { send, pending } = makeCache();
    const [leaver, second] = sendMany(send, 2);
    await turn();
    const response = pending[0]!.respond(200, { ...MINUTE, 'content-length': '5' });
    await turn();
    const ends: unknown[] = [];
    leaver!.response!.onEnd((end) => ends.push(end));
    response.write('hel');
    leaver!.leave();
    expect(leaver!.client.end_).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
    expect(ends).toMatchObject([{ code: 'BGW_ERR_CLIENT_LEFT' }]);
    expect(response.destroyedWith).toBeUndefined();
    response.write('lo');
    response.finish();
    await turn();
    expect(second!.client.body).toBe('hello');
    expect(leaver!.client.body).toBe('hel');
  });

  it('may take nothing for too long: it is given up, and the others get what they wait for', async () => {
    const { send, pending } = makeCache();
    const [stalled, second] = sendMany(send, 2);
    await turn();
    const response = pending[0]!.respond(200, { ...MINUTE, 'content-length': '5' });
    await turn();
    response.write('hel');
    stalled!.response!.destroy(new GatewayError('BGW_ERR_CLIENT_LEFT', 'took nothing'));
    expect(stalled!.client.end_).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
    response.write('lo');
    response.finish();
    await turn();
    expect(second!.client.body).toBe('hello');
  });

  it('may get fields that cannot be passed on: nobody gets them', async () => {
    const { send, pending, cache } = makeCache();
    const [refused] = [send('/', {}, 'GET', false), send()];
    await turn();
    const response = pending[0]!.respond(200, { ...MINUTE, 'content-length': '5' });
    await turn();
    refused!.response!.destroy(new GatewayError('BGW_ERR_PROTOCOL'));
    expect(response.destroyedWith).toMatchObject({ code: 'BGW_ERR_PROTOCOL' });
    await turn();
    expect(cache.entries).toBe(0);
    expect(pending).toHaveLength(2);
  });

  it('may leave alone: what comes late is stored all the same', async () => {
    const { send, pending, cache, exchange } = makeCache();
    const leaver = send();
    await turn();
    leaver.leave();
    await turn();
    pending[0]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(cache.entries).toBe(1);
    expect((await exchange(null)).body).toBe('hello');
  });

  it('takes an answer that is nobody else’s with it', async () => {
    const { send, pending } = makeCache();
    const leaver = send();
    await turn();
    const response = pending[0]!.respond(200, {});
    await turn();
    response.write('pri');
    leaver.leave();
    expect(response.destroyedWith).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
    const early = send('/early');
    await turn();
    early.leave();
    await turn();
    const unwanted = pending[1]!.respond(200, {});
    await turn();
    expect(unwanted.destroyedWith).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
  });

  it('has its deadline, and what it asked for goes on', async () => {
    const { send, pending, cache } = makeCache();
    const late = send();
    await turn();
    late.call.cancel(new GatewayError('BGW_ERR_DEADLINE'));
    await turn();
    expect(late.error).toMatchObject({ code: 'BGW_ERR_DEADLINE' });
    pending[0]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(cache.entries).toBe(1);
  });

  it('leaves behind what hangs for 30 s at most', async () => {
    const { clock, send, pending } = makeCache();
    const leaver = send();
    await turn();
    const response = pending[0]!.respond(200, { ...MINUTE, 'content-length': '5' });
    await turn();
    leaver.leave();
    clock.advance(29_999);
    expect(response.destroyedWith).toBeUndefined();
    clock.advance(1);
    expect(response.destroyedWith).toMatchObject({ code: 'BGW_ERR_DEADLINE' });
  });

  it('hands over to the next in line when one who waited has left', async () => {
    const { send, pending } = makeCache();
    const sent = sendMany(send, 3);
    await turn();
    sent[1]!.leave();
    pending[0]!.fail('BGW_ERR_CONNECTION_RESET');
    await turn();
    expect(pending).toHaveLength(2);
    pending[1]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(sent[2]!.client.body).toBe('hello');
  });

  it('hands over at once when it left between its turn and its going', async () => {
    const { send, pending } = makeCache();
    const sent = sendMany(send, 3);
    await turn();
    const broken = pending[0]!.respond(200, { ...MINUTE, 'content-length': '9' });
    await turn();
    broken.breakOff();
    sent[1]!.leave();
    await turn();
    expect(pending).toHaveLength(2);
    pending[1]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(sent[1]!.error).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
    expect(sent[2]!.client.body).toBe('hello');
  });

  it('may leave in any number while others wait, and alone in bounded number', async () => {
    const { send, pending, cache } = makeCache();
    const leaveAll = async (paths: readonly string[]): Promise<number> => {
      const before = pending.length;
      const leavers = paths.map((path) => send(path));
      await turn();
      for (const leaver of leavers) leaver.leave();
      await turn();
      return pending.slice(before).filter(({ over }) => !over).length;
    };
    const paths = Array.from({ length: MAX_BACKGROUND + 1 }, (_, index) => `/${index}`);
    expect(await leaveAll(paths)).toBe(MAX_BACKGROUND);
    const leader = send('/wanted');
    send('/wanted');
    await turn();
    leader.leave();
    expect(pending.at(-1)!.over).toBe(false);
    // However they end, they make room for others.
    for (const one of pending.filter(({ over }) => !over)) {
      const response = one.respond(200, { ...MINUTE, 'content-length': '9' });
      await turn();
      response.breakOff();
    }
    await turn();
    for (const one of pending.filter(({ over }) => !over)) one.fail('BGW_ERR_CONNECTION_RESET');
    await turn();
    expect(await leaveAll(paths.map((path) => `/again${path}`))).toBe(MAX_BACKGROUND);
    expect(cache.entries).toBe(0);
  });

  it('is counted once, whatever becomes of it after its answer', async () => {
    const { clock, send, pending, events } = makeCache({ staleIfErrorMs: 60_000 });
    send();
    await turn();
    pending[0]!.respond(200, MINUTE, 'old');
    await turn();
    clock.advance(60_000);
    const second = send();
    await turn();
    pending[1]!.respond(200, { ...MINUTE, 'content-length': '9' });
    await turn();
    second.call.cancel(new GatewayError('BGW_ERR_DEADLINE'));
    expect(events.slice(2)).toEqual(['miss stale']);
  });

  it('shows the upstream that was tried', async () => {
    const { send, pending } = makeCache();
    const sent = send();
    await turn();
    pending[0]!.call.tried = ['upstream-1'];
    pending[0]!.respond(200, MINUTE, 'hello');
    await turn();
    expect(sent.call.tried).toEqual(['upstream-1']);
  });
});
