/** Certificates at the front of a run: what a client gets of one that is bad, and an edge of one behind it. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { runReally } from '../support/real-run.js';

/** An app that keeps its connections, and visitors who come once. */
const scenario = (front: string, timeline: string): string => `
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

const ofClass = (result: VariantResult, window: string, name: string) =>
  result.windows[window]!.classes![name]!;

const replaced = (result: VariantResult) =>
  ofType(result, 'certificate.replaced').map(({ fields: { gateway, as } }) => [gateway, as]);

/** The folder of a run's certificates, by an event of a gateway that took one. */
const folderOf = (result: VariantResult): string =>
  dirname(ofType(result, 'certificate.reloaded')[0]!.fields.certificate);

describe('the certificate of an edge', () => {
  it('that expires keeps out whoever connects anew, and nobody who is connected', async () => {
    const result = await runReally(
      scenario('tls: on\nedge: { tls: on }', '[{ at: 1s, certificate: expired, on: edge, for: 1300ms }]'),
    );
    const { baseline, after } = result.windows;
    expect([baseline!.availability, after!.availability]).toEqual([1, 1]);
    expect(ofClass(result, 'outage', 'app').availability).toBe(1);
    const visitors = ofClass(result, 'outage', 'visitors');
    expect(visitors.availability).toBe(0);
    expect(visitors.cause).toEqual({ tls_certificate_error: visitors.requests });
    expect(visitors.status).toEqual({ none: visitors.requests });
    expect(replaced(result)).toEqual([
      ['edge', 'expired'],
      ['edge', 'valid'],
    ]);
    expect(existsSync(folderOf(result))).toBe(false);
  });
});

describe('the certificate of a gateway', () => {
  it('that is for another name is a 502 to the clients of an edge, until it is renewed', async () => {
    const result = await runReally(
      scenario(
        'gateways: 2\ntls: on\nedge: { gateway: { healthCheck: off, keepAlive: off } }',
        '[{ at: 1s, certificate: wrong-name, on: [gateway-1, gateway-2] }, { at: 2300ms, certificate: renewed, on: [gateway-1, gateway-2] }]',
      ),
    );
    const { outage, after } = result.windows;
    expect(outage!.availability).toBe(0);
    expect(outage!.status).toEqual({ 502: outage!.requests });
    expect(outage!.cause).toEqual({ tls_certificate_error: outage!.requests });
    expect(after!.availability).toBe(1);
  });
});
