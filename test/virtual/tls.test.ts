/**
 * TLS at the front in virtual time: what docs/front.md says of certificates, as it is over sockets
 * (`test/runs/front-certificates.test.ts`, `test/integration/upstream-tls.test.ts`).
 */
import { describe, expect, it } from 'vitest';
import { CERTIFICATE_FAULTS } from '../../src/scenarios/front/certificates.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import {
  badEdgeCertificate,
  badGatewayCertificates,
  certificatesScenario,
  expectBadEdgeCertificate,
  expectBadGatewayCertificates,
  ofClass,
} from '../support/both-engines.js';
import { runHere } from '../support/virtual-run.js';

const runText = async (text: string): Promise<VariantResult> =>
  (await runHere(text, 42, VIRTUAL_COSTS)).result;

const run = (front: string, timeline?: string): Promise<VariantResult> =>
  runText(certificatesScenario(front, timeline));

describe('in virtual time', () => {
  it.each(CERTIFICATE_FAULTS)(
    'a certificate of an edge that is %s keeps out whoever connects anew, and nobody who is connected',
    async (fault) => {
      const result = await runText(badEdgeCertificate(fault));
      expectBadEdgeCertificate(result, fault);
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
      expectBadGatewayCertificates(await runText(badGatewayCertificates(fault)));
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
    const longerMs = p50(secure, 'visitors') - p50(plain, 'visitors');
    // A histogram keeps three digits of each.
    expect(Math.abs(longerMs - 2 * VIRTUAL_COSTS.latencyMs)).toBeLessThanOrEqual(0.02);
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
