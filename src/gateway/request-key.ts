/** What requests that belong together have in common, for balancers that keep them on one upstream and for rollouts. */
import type { IncomingMessage } from 'node:http';
import type { Call } from '../policies/service.js';
import type { HashOn } from './config/balancing.js';

const cookie = (header: string | undefined, name: string): string => {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim().toLowerCase() === name) return pair.slice(at + 1).trim();
  }
  return '';
};

const clientOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? '';

/** What requests that belong together have in common; those that do not say it belong to their client's address. */
export const keyOf = (raw: IncomingMessage, { rayId }: Call, hashOn: HashOn): string => {
  const url = raw.url ?? '';
  switch (hashOn.from) {
    case 'request':
      return rayId;
    case 'client':
      return clientOf(raw);
    case 'url':
      return url;
    case 'path':
      return url.split('?', 1)[0]!;
    case 'header':
      return String(raw.headers[hashOn.name] ?? '') || clientOf(raw);
    case 'cookie':
      return cookie(raw.headers.cookie, hashOn.name) || clientOf(raw);
  }
};
