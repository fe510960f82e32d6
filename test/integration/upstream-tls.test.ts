/** TLS on the way to an upstream: whose certificate is believed, and what a client gets of one that is not. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import type { GatewaySection } from '../../src/gateway/config.js';
import {
  CERTIFICATE_FAULTS,
  type CertificateState,
  Certificates,
  SERVICE_NAME,
} from '../../src/scenarios/front/certificates.js';
import { ask, startGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';

let certificates: Certificates;

beforeAll(async () => {
  certificates = await Certificates.make(wallClock);
});

afterAll(() => certificates.remove());

/** @returns its port, and how many connections it was asked for. */
const startSecure = async (state: CertificateState) => {
  const { certificatePath, keyPath } = certificates.issue('upstream', state);
  const counts = { connections: 0 };
  const server = createServer(
    { cert: readFileSync(certificatePath), key: readFileSync(keyPath) },
    (request, response) => response.end(`for ${request.headers.host}`),
  );
  server.on('secureConnection', () => counts.connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, counts };
};

const section = (more: GatewaySection = {}): GatewaySection => ({
  healthCheck: 'off',
  upstreamTls: { ca: certificates.authorityPath, name: SERVICE_NAME },
  ...more,
});

const seenBy = async (upstream: number, own = section()) => {
  const { port } = await startGateway([upstream], own);
  await ask(port);
  // On the same connection's place as the first, which must have left it as it was.
  const { status, headers } = await ask(port);
  return [status, /error=(\w+)/.exec(String(headers['proxy-status']))?.[1]];
};

describe('an upstream that speaks TLS', () => {
  it('gets requests on one connection, whatever host they are for', async () => {
    const { port: upstream, counts } = await startSecure('valid');
    const { port } = await startGateway([upstream], section());
    for (const host of ['a.test', 'b.test:8443', '127.0.0.1']) {
      expect(await ask(port, { headers: { host } })).toMatchObject({ status: 200, body: `for ${host}` });
    }
    expect(counts.connections).toBe(1);
  });

  it.each(CERTIFICATE_FAULTS)('with a certificate that is %s is a 502 that says why', async (fault) => {
    const { port } = await startSecure(fault);
    expect(await seenBy(port)).toEqual([502, 'tls_certificate_error']);
  });

  it('is not believed for a name that the gateway was not told to ask for', async () => {
    const { port } = await startSecure('valid');
    const byAddress = section({ upstreamTls: { ca: certificates.authorityPath } });
    expect(await seenBy(port, byAddress)).toEqual([502, 'tls_certificate_error']);
    expect(await seenBy(port, section({ upstreamTls: { name: SERVICE_NAME } }))).toEqual([
      502,
      'tls_certificate_error',
    ]);
  });

  it('is asked for its health over TLS too', async () => {
    const healthCheck = { interval: '20ms', timeout: '2s', rise: 1, fall: 1 };
    const good = await startSecure('valid');
    expect(await seenBy(good.port, section({ healthCheck }))).toEqual([200, undefined]);
    const bad = await startSecure('expired');
    const { port, seen } = await startGateway([bad.port], section({ healthCheck }));
    expect(await seen('upstream.turned-unhealthy')).toMatchObject({ reason: 'CERT_HAS_EXPIRED' });
    expect((await ask(port)).status).toBe(503);
  });
});

describe('an upstream that does not', () => {
  it('is a 502 of its own', async () => {
    const port = await startUpstream((_request, response) => response.end('plain'));
    expect(await seenBy(port)).toEqual([502, 'tls_protocol_error']);
  });
});

it('authorities that are not there are said so at once', async () => {
  await expect(startGateway([1], section({ upstreamTls: { ca: '/nowhere/ca.pem' } }))).rejects.toThrow(
    'the certificate authorities in /nowhere/ca.pem cannot be read',
  );
});
