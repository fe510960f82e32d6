/** Whom a gateway takes for the client, and whose Ray ID: only an edge that is trusted may say so. */
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrustedEdges } from '../../../src/gateway/edge/trusted-edges.js';

const EDGE = '10.0.0.7';
const RAY = '7c771cb9e9ea0814';

const from = (remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;

const some = new TrustedEdges(['10.0.0.0/8', '2001:db8::1']);

const askerOf = (headers: Record<string, string>, remoteAddress = EDGE) =>
  some.askerOf(from(remoteAddress, headers));

describe('who asked', () => {
  it.each<[string, Record<string, string>, string]>([
    ['the last that an edge saw', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
    ['not what a client put before it', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' }, '203.0.113.9'],
    ['whoever is before all edges', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.1.1.1' }, '203.0.113.9'],
    ['an edge that has nobody before it', { 'x-forwarded-for': '10.1.1.1' }, '10.1.1.1'],
    [
      'of IPv6',
      { 'x-forwarded-for': '2405:201:c013:11:4837:295d:72:bc48' },
      '2405:201:c013:11:4837:295d:72:bc48',
    ],
    ['of RFC 7239', { forwarded: 'for=203.0.113.9;host="x";proto=http' }, '203.0.113.9'],
    ['of RFC 7239 with a port', { forwarded: 'for=1.1.1.1, for="[2001:db8::9]:4711"' }, '2001:db8::9'],
    ['the edge itself, when it says nothing', {}, EDGE],
    ['the edge itself, when it says nonsense', { 'x-forwarded-for': '<script>' }, EDGE],
    ['the edge itself, of a hidden client', { forwarded: 'for=unknown' }, EDGE],
  ])('is %s', (_what, headers, address) => {
    expect(askerOf(headers)).toEqual({ address, viaEdge: address !== EDGE });
  });

  it('is who connects, whatever it says, when it is no edge', () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-ray-id': RAY };
    const address = '198.51.100.1';
    expect(askerOf(headers, address)).toEqual({ address, viaEdge: false });
    const nobody = new TrustedEdges([]);
    expect(nobody.askerOf(from(EDGE, headers))).toEqual({ address: EDGE, viaEdge: false });
    expect(nobody.rayIdOf(from(EDGE, headers))).toBeNull();
    expect(new TrustedEdges(['10.0.0.0/8']).rayIdOf(from(address, headers))).toBeNull();
  });

  it('comes by an edge that is written as IPv6 on a socket for both', () => {
    expect(askerOf({ 'x-forwarded-for': '203.0.113.9' }, `::ffff:${EDGE}`).address).toBe('203.0.113.9');
  });

  it('is an address, whatever stands in the fields', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, isForwarded) => {
        const { address } = askerOf({ [isForwarded ? 'forwarded' : 'x-forwarded-for']: text });
        expect(address).toMatch(/^[0-9a-f:.]+$/i);
      }),
    );
  });
});

describe('the Ray ID of a request', () => {
  const edges = new TrustedEdges([EDGE]);

  it('is the edge’s', () => {
    expect(edges.rayIdOf(from(EDGE, { 'x-ray-id': RAY }))).toBe(RAY);
  });

  it.each(['', 'x', `${RAY}0`, RAY.toUpperCase(), '<b>', `${RAY}\n`])(
    'is the gateway’s own when the edge says %j',
    (text) => {
      expect(edges.rayIdOf(from(EDGE, { 'x-ray-id': text }))).toBeNull();
    },
  );
});
