/** Upstreams as a user names them on the command line: `http://127.0.0.1:3000`, or `127.0.0.1:3000`. */
import { UserError } from '../core/errors.js';
import type { UpstreamAddress } from '../gateway/upstream-pool.js';

const HTTP_PORT = 80;

const refuse = (text: string, hint: string): never => {
  throw new UserError('usage', `upstream "${text}": ${hint}; write http://127.0.0.1:3000 or 127.0.0.1:3000`);
};

const parseUpstream = (text: string, id: string): UpstreamAddress => {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'https') {
    refuse(text, 'TLS is spoken to all upstreams or to none, by `upstreamTls` in the config');
  }
  if (scheme !== undefined && scheme !== 'http') {
    refuse(text, `the gateway speaks http to upstreams, not ${scheme}`);
  }
  if (scheme === undefined && !/:\d+([/?#]|$)/.test(text)) refuse(text, 'it has no port');
  const written = scheme === undefined ? `http://${text}` : text;
  const url = URL.canParse(written) ? new URL(written) : refuse(text, 'it is no address');
  if (url.username !== '' || url.password !== '') refuse(text, 'it may not hold a user or a password');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    refuse(text, 'an upstream has no path of its own, since every request keeps the one it came with');
  }
  if (url.port === '0') refuse(text, 'nothing listens on port 0');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { id, host, port: url.port === '' ? HTTP_PORT : Number(url.port) };
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
