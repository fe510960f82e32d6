/**
 * The certificates of a run in virtual time: what each is, where the other engine has files. Nothing is signed and
 * nothing is checked by its bytes; a client finds one bad for the reason for which it was made bad.
 */
import type { CertificateFiles, CertificateState, CertificateStore } from '../front/certificates.js';

/** What Node says of one when a client checks it; `null`: it is good. */
const PROBLEMS: Readonly<Record<CertificateState, string | null>> = {
  valid: null,
  expired: 'CERT_HAS_EXPIRED',
  'wrong-name': 'ERR_TLS_CERT_ALTNAME_INVALID',
  untrusted: 'DEPTH_ZERO_SELF_SIGNED_CERT',
};

/** One that was issued; another one is another object. */
export interface ModelCertificate {
  /** A code of Node's; `null`: it is good. */
  readonly problem: string | null;
}

export class ModelCertificates implements CertificateStore {
  readonly authority = 'the authority of this run';
  readonly authorityPath = 'authority.pem';
  readonly #issued = new Map<string, ModelCertificate>();

  issue(gateway: string, state: CertificateState): CertificateFiles {
    const certificatePath = `${gateway}.cert.pem`;
    this.#issued.set(certificatePath, { problem: PROBLEMS[state] });
    return { certificatePath, keyPath: `${certificatePath}.key` };
  }

  /** The one that is there now. @param path one that `issue` gave. */
  at(path: string): ModelCertificate {
    return this.#issued.get(path)!;
  }

  remove(): void {
    this.#issued.clear();
  }
}
