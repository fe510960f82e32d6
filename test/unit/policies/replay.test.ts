/** Which requests can be sent again, and the bodies that are kept for it. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  bufferSmallBodies,
  isReplayable,
  maySendAgain,
  REPLAY_DEFAULTS,
  type ReplayOptions,
} from '../../../src/policies/replay.js';
import { Call, type ProxyRequest } from '../../../src/policies/service.js';
import { mockResponse, REQUEST } from '../../support/mock-service.js';

const streamed = (bytes: number): Readable => Readable.from([Buffer.alloc(bytes, 'x')]);

describe('a request', () => {
  it.each([
    ['GET', null, true],
    ['PUT', new Uint8Array(3), true],
    ['PUT', streamed(3), false],
    ['POST', null, false],
    ['PATCH', new Uint8Array(3), false],
    ['DELETE', null, true],
  ])('of method %s with body %o is replayable: %s', (method, body, expected) => {
    expect(isReplayable({ ...REQUEST, method, body })).toBe(expected);
  });

  it.each<[method: string, body: ProxyRequest['body'], after: ErrorCode | 503, expected: boolean]>([
    ['GET', null, 'BGW_ERR_CONNECTION_RESET', true],
    ['GET', null, 503, true],
    ['PUT', streamed(3), 'BGW_ERR_CONNECTION_RESET', false],
    ['PUT', streamed(3), 'BGW_ERR_CONNECTION_REFUSED', false],
    ['POST', null, 'BGW_ERR_CONNECTION_REFUSED', true],
    ['POST', new Uint8Array(3), 'BGW_ERR_CONNECT_TIMEOUT', true],
    ['POST', new Uint8Array(3), 'BGW_ERR_CIRCUIT_OPEN', true],
    ['POST', streamed(3), 'BGW_ERR_CONNECTION_REFUSED', false],
    ['POST', new Uint8Array(3), 'BGW_ERR_CONNECTION_RESET', false],
    ['POST', new Uint8Array(3), 'BGW_ERR_CONNECTION_CLOSED', false],
    ['POST', new Uint8Array(3), 'BGW_ERR_RESPONSE_TIMEOUT', false],
    ['POST', new Uint8Array(3), 'BGW_ERR_PROTOCOL', false],
    ['PATCH', null, 503, false],
  ])('of method %s with body %o may be sent again after %s: %s', (method, body, after, expected) => {
    const result = after === 503 ? mockResponse(503) : new GatewayError(after);
    expect(maySendAgain({ ...REQUEST, method, body }, result)).toBe(expected);
  });
});

describe('a small body', () => {
  const through = async (request: ProxyRequest, options?: ReplayOptions): Promise<ProxyRequest> => {
    let seen: ProxyRequest | undefined;
    await bufferSmallBodies(options)(async (below) => {
      seen = below;
      return mockResponse(200);
    })(request, new Call('ray', new VirtualClock()));
    return seen!;
  };
  const sent = (method: string, length: number, body = streamed(length)): ProxyRequest => ({
    ...REQUEST,
    method,
    headers: { 'content-length': String(length) },
    body,
  });

  it('of an idempotent request is kept, so that it can be sent again', async () => {
    const kept = await through(sent('PUT', 1_000));
    expect(kept.body).toEqual(Buffer.alloc(1_000, 'x'));
    expect(isReplayable(kept)).toBe(true);
  });

  it('is one of up to 64 KiB', async () => {
    expect((await through(sent('PUT', 65_536))).body).toHaveLength(65_536);
    const larger = sent('PUT', 65_537);
    expect((await through(larger)).body).toBe(larger.body);
  });

  it.each<[string, ProxyRequest]>([
    ['of unknown length', { ...sent('PUT', 10), headers: {} }],
    ['of a POST', sent('POST', 10)],
    ['of a PATCH', sent('PATCH', 10)],
  ])('%s streams through untouched', async (_title, request) => {
    expect((await through(request)).body).toBe(request.body);
  });

  it('of a POST is kept where every method’s are', async () => {
    const every = { ...REPLAY_DEFAULTS, methods: 'every' } as const;
    const kept = await through(sent('POST', 10), every);
    expect(kept.body).toHaveLength(10);
    expect(isReplayable(kept), 'it may still not be sent twice').toBe(false);
    expect(maySendAgain(kept, new GatewayError('BGW_ERR_CONNECTION_REFUSED'))).toBe(true);
  });

  it('is not kept where nothing is', async () => {
    const request = sent('PUT', 10);
    expect((await through(request, { ...REPLAY_DEFAULTS, maxBytes: 0 })).body).toBe(request.body);
  });

  it('that the client does not finish sending fails as a client that left', async () => {
    const body = new Readable({ read: () => {} });
    const call = new Call('ray', new VirtualClock());
    const answered = bufferSmallBodies()(async () => mockResponse(200))(sent('PUT', 10, body), call);
    call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    await expect(answered).rejects.toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
  });
});
