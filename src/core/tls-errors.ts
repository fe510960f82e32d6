/** What Node's errors say of a TLS handshake that came to nothing. */

/** Of OpenSSL's check of a chain, as Node names its results (Node documentation, "TLS", X509 certificate error codes). */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  // Node's own, of the names in it.
  'ERR_TLS_CERT_ALTNAME_FORMAT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The error types of RFC 9209 section 2.3; `null`: it is about something else. @param code of the error. */
export const tlsErrorOf = (code: string): 'tls_certificate_error' | 'tls_protocol_error' | null => {
  if (CERTIFICATE_CODES.has(code)) return 'tls_certificate_error';
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') ? 'tls_protocol_error' : null;
};

/**
 * An error of a connection as undici may see it. At the code of a wrong name a client of undici 7 loses count of its
 * requests, and sends none any more (nodejs/undici#5355); OpenSSL's own code for it does no harm.
 */
export const forUndici = (error: NodeJS.ErrnoException): Error =>
  error.code === 'ERR_TLS_CERT_ALTNAME_INVALID'
    ? Object.assign(new Error(error.message, { cause: error }), { code: 'HOSTNAME_MISMATCH' })
    : error;
