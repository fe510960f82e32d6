/** Errors of a TLS handshake, by their code. */
import { expect, it } from 'vitest';
import { tlsErrorOf } from '../../../src/core/tls-errors.js';

it.each([
  ['CERT_HAS_EXPIRED', 'tls_certificate_error'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_certificate_error'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_certificate_error'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_certificate_error'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_protocol_error'],
  ['EPROTO', 'tls_protocol_error'],
  ['ECONNRESET', null],
  ['', null],
])('%s is %s', (code, expected) => {
  expect(tlsErrorOf(code)).toBe(expected);
});
