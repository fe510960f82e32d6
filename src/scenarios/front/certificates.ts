/**
 * The certificates of a run: an authority that nobody but this run's clients believe, and one certificate for each gateway
 * that speaks TLS, in files of a folder that goes with the run. They are for one name, as all gateways of a service are.
 *
 * What is wrong with one is wrong for real: it is replaced by another, which the gateway loads by itself, and whoever
 * connects from then on checks it and finds it bad. Whoever is connected already has checked before.
 */
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { md, pki } from 'node-forge';
import type { Clock } from '../../core/clock.js';

/** What clients ask for, whichever gateway they come to. A name that is nobody's (RFC 6761 section 6.2). */
export const SERVICE_NAME = 'service.test';

export const CERTIFICATE_FAULTS = ['expired', 'wrong-name', 'untrusted'] as const;

export type CertificateState = 'valid' | (typeof CERTIFICATE_FAULTS)[number];

const OTHER_NAME = 'other.test';

const AUTHORITY_NAME = 'badgateway, for one run';

/** Of a GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 2;

const HOUR_MS = 3_600_000;

/** The least that OpenSSL's security level 2 takes, its default since 3.2; larger keys cost more and show nothing else. */
const KEY_BITS = 2_048;

type Keys = pki.rsa.KeyPair;

/** Loaded only where a run speaks TLS: it is no small library. */
type Forge = { readonly pki: typeof pki; readonly md: typeof md };

export interface CertificateFiles {
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** What a run needs of its certificates, whatever they are made of. */
export type CertificateStore = Pick<Certificates, 'authority' | 'authorityPath' | 'issue' | 'remove'>;

interface Contents {
  readonly name: string;
  /** Of whoever signs it. */
  readonly issuer: { readonly name: string; readonly keys: Keys };
  /** From now. */
  readonly validMs: readonly [from: number, to: number];
  readonly isAuthority: boolean;
}

const makeKeys = ({ pki: { rsa } }: Forge): Promise<Keys> =>
  new Promise((resolve, reject) => {
    rsa.generateKeyPair({ bits: KEY_BITS }, (error, keys) => (error ? reject(error) : resolve(keys)));
  });

export class Certificates {
  readonly #forge: Forge;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #authorityKeys: Keys;
  readonly #keys: Keys;
  readonly #folder = mkdtempSync(join(tmpdir(), 'badgateway-certificates-'));
  #serial = 0;
  /** Of the authority, PEM. */
  readonly authority: string;

  /** @param keys of the authority, and of all the others. */
  private constructor(
    forge: Forge,
    clock: Pick<Clock, 'nowMs'>,
    [authorityKeys, keys]: readonly [Keys, Keys],
  ) {
    this.#forge = forge;
    this.#clock = clock;
    this.#authorityKeys = authorityKeys;
    this.#keys = keys;
    this.authority = this.#sign(authorityKeys, {
      name: AUTHORITY_NAME,
      issuer: { name: AUTHORITY_NAME, keys: authorityKeys },
      validMs: [-HOUR_MS, 24 * HOUR_MS],
      isAuthority: true,
    });
    writeFileSync(this.authorityPath, this.authority);
  }

  static async make(clock: Pick<Clock, 'nowMs'>): Promise<Certificates> {
    const { default: forge } = await import('node-forge');
    return new Certificates(forge, clock, await Promise.all([makeKeys(forge), makeKeys(forge)]));
  }

  get authorityPath(): string {
    return join(this.#folder, 'authority.pem');
  }

  /** Makes a certificate for a gateway, in place of the one it has. */
  issue(gateway: string, state: CertificateState): CertificateFiles {
    const certificatePath = join(this.#folder, `${gateway}.cert.pem`);
    // Where HAProxy looks for the key of a certificate.
    const keyPath = `${certificatePath}.key`;
    if (!existsSync(keyPath)) {
      writeFileSync(keyPath, this.#forge.pki.privateKeyToPem(this.#keys.privateKey), { mode: 0o600 });
    }
    // In one step: whoever reads it meanwhile must not find half of it.
    const draft = `${certificatePath}.new`;
    writeFileSync(draft, this.#sign(this.#keys, this.#contentsOf(state)));
    renameSync(draft, certificatePath);
    return { certificatePath, keyPath };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #contentsOf(state: CertificateState): Contents {
    const name = state === 'wrong-name' ? OTHER_NAME : SERVICE_NAME;
    const ownAuthority = { name: AUTHORITY_NAME, keys: this.#authorityKeys };
    return {
      name,
      // Signed by itself: nobody has reason to believe it.
      issuer: state === 'untrusted' ? { name, keys: this.#keys } : ownAuthority,
      validMs: state === 'expired' ? [-48 * HOUR_MS, -HOUR_MS] : [-HOUR_MS, 24 * HOUR_MS],
      isAuthority: false,
    };
  }

  /** @returns PEM. */
  #sign(keys: Keys, { name, issuer, validMs: [fromMs, toMs], isAuthority }: Contents): string {
    const certificate = this.#forge.pki.createCertificate();
    const nowMs = this.#clock.nowMs();
    certificate.publicKey = keys.publicKey;
    // The one in front keeps it positive and short, as DER wants it, whatever follows (RFC 5280 section 4.1.2.2).
    certificate.serialNumber = `01${(++this.#serial).toString(16).padStart(4, '0')}`;
    certificate.validity.notBefore = new Date(nowMs + fromMs);
    certificate.validity.notAfter = new Date(nowMs + toMs);
    certificate.setSubject([{ name: 'commonName', value: name }]);
    certificate.setIssuer([{ name: 'commonName', value: issuer.name }]);
    certificate.setExtensions(
      isAuthority
        ? [
            { name: 'basicConstraints', cA: true, critical: true },
            { name: 'keyUsage', keyCertSign: true, critical: true },
          ]
        : [
            { name: 'basicConstraints', cA: false, critical: true },
            { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
            { name: 'extKeyUsage', serverAuth: true },
            { name: 'subjectAltName', altNames: [{ type: DNS_NAME, value: name }] },
          ],
    );
    certificate.sign(issuer.keys.privateKey, this.#forge.md.sha256.create());
    return this.#forge.pki.certificateToPem(certificate);
  }
}
