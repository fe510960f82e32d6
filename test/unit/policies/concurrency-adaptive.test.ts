/** A concurrency limit whose limit moves: who is admitted, who is not cut, and what the algorithm learns from. */
import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import type { LineName } from '../../../src/policies/lines/lines.js';
import { limitedService, movableLimit, turn } from '../../support/limited-service.js';

describe('an adaptive limit', () => {
  it.each<[name: string, discipline: LineName]>([
    ['p-queue', 'fifo'],
    ['a line of ours', 'lifo'],
  ])('that grows admits those who wait in %s at once', async (_name, discipline) => {
    const { algorithm } = movableLimit(1);
    const { limit, pending, send, changes } = limitedService({ algorithm, discipline, queue: 5 });
    for (let count = 0; count < 5; count++) send();
    await turn();
    algorithm.limit = 4;
    // The limit is read when something has been answered: its body, and so its slot, is still there.
    pending[0]!.respond(200);
    await turn();
    expect(limit).toMatchObject({ limit: 4, inFlight: 4, queued: 1 });
    expect(changes).toEqual([4]);
  });

  it('that shrinks cuts nobody in flight, and lets nobody in until there are fewer', async () => {
    const { algorithm } = movableLimit(3);
    const { limit, pending, send, changes } = limitedService({ algorithm });
    for (let count = 0; count < 3; count++) send();
    algorithm.limit = 1;
    send();
    await turn();
    expect(limit).toMatchObject({ limit: 1, inFlight: 3, queued: 1, hasRoom: true });
    expect(changes).toEqual([1]);
    for (const left of [2, 1]) {
      pending[left]!.respond(200).finish();
      await turn();
      expect(limit).toMatchObject({ inFlight: left, queued: 1 });
    }
    pending[0]!.respond(200).finish();
    await turn();
    expect(limit).toMatchObject({ inFlight: 1, queued: 0 });
  });

  it('learns from slot to headers, not from the wait before nor from the body after', async () => {
    const { algorithm, samples } = movableLimit(1);
    const { clock, pending, send } = limitedService({ algorithm });
    send();
    send();
    clock.advance(30);
    const first = pending[0]!.respond(200);
    await turn();
    clock.advance(50);
    first.finish();
    await turn();
    clock.advance(7);
    pending[1]!.respond(200);
    await turn();
    expect(samples).toEqual([
      { nowMs: 30, rttMs: 30, inFlight: 1, dropped: false },
      { nowMs: 87, rttMs: 7, inFlight: 1, dropped: false },
    ]);
  });

  it('hears how many were in flight when the request began, itself included', async () => {
    const { algorithm, samples } = movableLimit(3);
    const { pending, send } = limitedService({ algorithm });
    for (let count = 0; count < 3; count++) send();
    for (const one of pending) one.respond(200).finish();
    await turn();
    expect(samples.map(({ inFlight }) => inFlight)).toEqual([1, 2, 3]);
  });

  it.each<[status: number, dropped: boolean]>([
    [200, false],
    [404, false],
    [429, true],
    [500, true],
    [503, true],
  ])('takes an answer of %i for dropped: %s', async (status, dropped) => {
    const { algorithm, samples } = movableLimit(1);
    const { pending, send } = limitedService({ algorithm });
    send();
    pending[0]!.respond(status);
    await turn();
    expect(samples.map((sample) => sample.dropped)).toEqual([dropped]);
  });

  it.each<[code: ErrorCode, samples: boolean[]]>([
    ['BGW_ERR_RESPONSE_TIMEOUT', [true]],
    ['BGW_ERR_CONNECTION_RESET', [true]],
    ['BGW_ERR_CLIENT_LEFT', []],
    ['BGW_ERR_CIRCUIT_OPEN', []],
  ])('takes %s for the samples %j', async (code, expected) => {
    const { algorithm, samples } = movableLimit(1);
    const { limit, pending, send } = limitedService({ algorithm });
    send();
    pending[0]!.fail(new GatewayError(code));
    await turn();
    expect(samples.map((sample) => sample.dropped)).toEqual(expected);
    expect(limit.inFlight).toBe(0);
  });

  it('that shrinks by a failure does not hand its slot on', async () => {
    const { algorithm } = movableLimit(2);
    const { limit, pending, send } = limitedService({ algorithm });
    for (let count = 0; count < 3; count++) send();
    algorithm.onSample = () => {
      algorithm.limit = 1;
    };
    pending[0]!.fail(new GatewayError('BGW_ERR_RESPONSE_TIMEOUT'));
    await turn();
    expect(limit).toMatchObject({ limit: 1, inFlight: 1, queued: 1 });
  });
});
