/**
 * TLS at the front in virtual time: what docs/front.md says of certificates, as it is over sockets
 * (`test/integration/front-certificates.test.ts`, `upstream-tls.test.ts`).
 */
import { describe, expect, it } from 'vitest';
import { CERTIFICATE_FAULTS } from '../../src/scenarios/front/certificates.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import { runHere } from '../support/virtual-run.js';

/** The scenario of the test over sockets: an app that keeps its connections, and visitors who come once. */
const scenarioOf = (front: string, timeline = '[]'): string => `
version: 1
name: certificates
title: Certificates that go wrong
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 5ms } }
${front}
clients:
  patience: 1s
  classes: { app: { share: 50% }, visitors: { share: 50%, keepAlive: off } }
load: { arrivals: constant, stages: [{ rate: 60/s, for: 3500ms }] }
windows: { baseline: 0s..700ms, outage: 1500ms..2200ms, after: 2900ms..3500ms }
timeline: ${timeline}
`;

const run = async (front: string, timeline?: string): Promise<VariantResult> =>
  (await runHere(scenarioOf(front, timeline), 42, VIRTUAL_COSTS)).result;

const ofClass = (result: VariantResult, window: string, name: string) =>
  result.windows[window]!.classes![name]!;

describe('in virtual time', () => {
  it.each(CERTIFICATE_FAULTS)(
    'a certificate of an edge that is %s keeps out whoever connects anew, and nobody who is connected',
    async (fault) => {
      const timeline = `[{ at: 1s, certificate: ${fault}, on: edge, for: 1300ms }]`;
      const result = await run('tls: on\nedge: { tls: on }', timeline);
      const { baseline, after } = result.windows;
      expect([baseline!.availability, after!.availability]).toEqual([1, 1]);
      expect(ofClass(result, 'outage', 'app').availability).toBe(1);
      const visitors = ofClass(result, 'outage', 'visitors');
      expect(visitors.availability).toBe(0);
      expect(visitors.cause).toEqual({ tls_certificate_error: visitors.requests });
      expect(visitors.status).toEqual({ none: visitors.requests });
      const told = ofType(result, 'certificate.replaced').map(({ fields: { gateway, as } }) => [gateway, as]);
      expect(told).toEqual([
        ['edge', fault],
        ['edge', 'valid'],
      ]);
      const reloaded = ofType(result, 'certificate.reloaded').map(({ t }) => t);
      expect(reloaded).toHaveLength(2);
      for (const [index, atS] of [1, 2.3].entries()) {
        expect(reloaded[index]).toBeGreaterThan(atS);
        expect(reloaded[index]).toBeLessThanOrEqual(atS + 0.1);
      }
    },
  );

  it.each(CERTIFICATE_FAULTS)(
    'one of the gateways that is %s is a 502 to the clients of an edge',
    async (fault) => {
      const front = 'gateways: 2\ntls: on\nedge: { gateway: { healthCheck: off, keepAlive: off } }';
      const on = 'on: [gateway-1, gateway-2]';
      const timeline = `[{ at: 1s, certificate: ${fault}, ${on} }, { at: 2300ms, certificate: renewed, ${on} }]`;
      const { outage, after } = (await run(front, timeline)).windows;
      expect(outage!.status).toEqual({ 502: outage!.requests });
      expect(outage!.cause).toEqual({ tls_certificate_error: outage!.requests });
      expect(after!.availability).toBe(1);
    },
  );

  it('health checks of an edge find it, and take the gateway out', async () => {
    const healthCheck = 'healthCheck: { interval: 100ms, timeout: 90ms, rise: 1, fall: 1 }';
    const front = `gateways: 2\ntls: on\nedge: { gateway: { ${healthCheck}, keepAlive: off } }`;
    const result = await run(front, '[{ at: 1s, certificate: expired, on: gateway-1, for: 1300ms }]');
    const [turned] = ofType(result, 'upstream.turned-unhealthy');
    expect(turned!.fields).toMatchObject({ upstream: 'gateway-1', reason: 'CERT_HAS_EXPIRED' });
    expect(result.windows.outage!.availability).toBe(1);
  });

  it('nobody goes past the edge for its certificate', async () => {
    const timeline = '[{ at: 1s, certificate: expired, on: edge, for: 1300ms }]';
    const result = await run('tls: on\nedge: { tls: on, bypass: on }', timeline);
    const { cause, requests } = ofClass(result, 'outage', 'visitors');
    expect(cause).toEqual({ tls_certificate_error: requests });
  });

  it('a handshake takes a round trip, on new connections alone', async () => {
    const [plain, secure] = [await run(''), await run('tls: on')];
    const p50 = (result: VariantResult, name: string): number => ofClass(result, 'after', name).latencyMs.p50;
    expect(p50(secure, 'visitors') - p50(plain, 'visitors')).toBeCloseTo(2 * VIRTUAL_COSTS.latencyMs, 2);
    expect(p50(secure, 'app')).toBe(p50(plain, 'app'));
  });

  it('a gateway that stands still takes connections, and shakes no hands', async () => {
    const edge = 'edge: { gateway: { healthCheck: off, keepAlive: off, timeouts: { connect: 90ms } } }';
    const timeline = '[{ at: 1s, disrupt: stop, on: gateway-1, for: 1300ms }]';
    const { outage } = (await run(`tls: on\n${edge}`, timeline)).windows;
    expect(outage!.cause).toEqual({ connect_timeout: outage!.requests });
    const plain = (await run(edge, timeline)).windows.outage!;
    expect(Object.keys(plain.cause)).not.toContain('connect_timeout');
  });

  it('workers speak none, which is a 502 of its own', async () => {
    const result = await run('gateway: { healthCheck: off, upstreamTls: { name: service.test } }');
    const { status, cause, requests } = result.windows.after!;
    expect(status).toEqual({ 502: requests });
    expect(cause).toEqual({ tls_protocol_error: requests });
  });
});
