/** Scenarios that tests run on real processes and in virtual time, and what is expected of either. */
import { expect } from 'vitest';
import type { CERTIFICATE_FAULTS } from '../../src/scenarios/front/certificates.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';

type CertificateFault = (typeof CERTIFICATE_FAULTS)[number];

/** An app that keeps its connections, and visitors who come once. */
export const certificatesScenario = (front: string, timeline = '[]'): string => `
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

export const ofClass = (result: VariantResult, window: string, name: string) =>
  result.windows[window]!.classes![name]!;

/** The edge's certificate is bad for a while. */
export const badEdgeCertificate = (fault: CertificateFault): string =>
  certificatesScenario(
    'tls: on\nedge: { tls: on }',
    `[{ at: 1s, certificate: ${fault}, on: edge, for: 1300ms }]`,
  );

/** It keeps out whoever connects anew, and nobody who is connected. */
export const expectBadEdgeCertificate = (result: VariantResult, fault: CertificateFault): void => {
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
};

/** The certificates of both gateways behind an edge are bad, until they are renewed. */
export const badGatewayCertificates = (fault: CertificateFault): string => {
  const on = 'on: [gateway-1, gateway-2]';
  return certificatesScenario(
    'gateways: 2\ntls: on\nedge: { gateway: { healthCheck: off, keepAlive: off } }',
    `[{ at: 1s, certificate: ${fault}, ${on} }, { at: 2300ms, certificate: renewed, ${on} }]`,
  );
};

/** To the edge's clients it is a 502. */
export const expectBadGatewayCertificates = ({ windows: { outage, after } }: VariantResult): void => {
  expect(outage!.availability).toBe(0);
  expect(outage!.status).toEqual({ 502: outage!.requests });
  expect(outage!.cause).toEqual({ tls_certificate_error: outage!.requests });
  expect(after!.availability).toBe(1);
};

/** Two workers, each behind a link when the timeline has toxics or `more` asks for links. */
export const linksScenario = (timeline: string, more = ''): string => `
version: 1
name: links
title: What is wrong with a link
fleet: { workers: 2, slots: 8, serviceTime: { distribution: constant, mean: 5ms } }
gateway: { timeouts: { connect: 300ms, attempt: 600ms } }
clients: { patience: 2s }
load: { arrivals: constant, stages: [{ rate: 40/s, for: 6s }] }
windows: { baseline: 0s..1s, outage: 2s..4s, after: 5s..6s }
timeline: ${timeline}
${more}`;

/** @param toxic on the link of worker-2 in the window `outage`, with its attributes. */
export const toxicScenario = (toxic: string): string =>
  linksScenario(`[{ at: 2s, toxic: ${toxic}, on: worker-2, for: 2s }]`);

/** A worker behind a link crashes, and is back after a second. */
export const CRASH_BEHIND_LINK = linksScenario(
  '[{ at: 2s, inject: crash, on: worker-2, how: kill }]',
  'links: {}\n',
).replace('slots: 8', 'slots: 8, restart: { delay: 1s }');
