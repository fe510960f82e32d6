/** Certificates at the front of a run: what a client gets of one that is bad, and an edge of one behind it. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import {
  badEdgeCertificate,
  badGatewayCertificates,
  expectBadEdgeCertificate,
  expectBadGatewayCertificates,
} from '../support/both-engines.js';
import { runReally } from '../support/real-run.js';

/** The folder of a run's certificates, by an event of a gateway that took one. */
const folderOf = (result: VariantResult): string =>
  dirname(ofType(result, 'certificate.reloaded')[0]!.fields.certificate);

describe('the certificate of an edge', () => {
  it('that expires keeps out whoever connects anew, and nobody who is connected', async () => {
    const result = await runReally(badEdgeCertificate('expired'));
    expectBadEdgeCertificate(result, 'expired');
    expect(existsSync(folderOf(result))).toBe(false);
  });
});

describe('the certificate of a gateway', () => {
  it('that is for another name is a 502 to the clients of an edge, until it is renewed', async () => {
    expectBadGatewayCertificates(await runReally(badGatewayCertificates('wrong-name')));
  });
});
