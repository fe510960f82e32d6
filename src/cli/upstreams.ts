/** Upstreams as a user names them on the command line: `http://127.0.0.1:3000`, or `127.0.0.1:3000`. */
import { UserError } from '../core/errors.js';
import { AddressError, parseHttpAddress } from '../core/http-address.js';
import type { UpstreamAddress } from '../gateway/upstream-pool.js';

const refuse = (text: string, hint: string): never => {
  throw new UserError('usage', `upstream "${text}": ${hint}; write http://127.0.0.1:3000 or 127.0.0.1:3000`);
};

const parseUpstream = (text: string, id: string): UpstreamAddress => {
  try {
    const { scheme, host, port } = parseHttpAddress(text);
    if (scheme === 'https') {
      refuse(text, 'TLS is spoken to all upstreams or to none, by `upstreamTls` in the config');
    }
    return { id, host, port };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    return refuse(text, error.message);
  }
};

/** @throws UserError for one that is no address of an upstream, or named twice. */
export const parseUpstreams = (texts: readonly string[]): UpstreamAddress[] => {
  const upstreams = texts.map((text, index) => parseUpstream(String(text), `upstream-${index + 1}`));
  for (const [index, { host, port }] of upstreams.entries()) {
    const first = upstreams.findIndex((other) => other.host === host && other.port === port);
    if (first !== index) refuse(texts[index]!, `it is the same as ${upstreams[first]!.id}`);
  }
  return upstreams;
};
