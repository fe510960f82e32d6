/** A config of Caddy that somebody runs as a service, as a run can have it. */
import { hostAndPort } from '../../../core/http-address.js';
import type { ProxySite } from '../target.js';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Whether the global options, whose first line this is, say something of the admin API. @param rest after that line. */
const hasAdmin = (rest: readonly string[]): boolean => {
  let depth = 1;
  for (const line of rest) {
    if (depth === 1 && /^\s*admin(\s|$)/.test(line)) return true;
    if (/\{\s*(#.*)?$/.test(line)) depth++;
    if (/^\s*\}/.test(line)) depth--;
    if (depth === 0) break;
  }
  return false;
};

/**
 * With an admin API at the run's own port, where the config says nothing of one: Caddy's default is one port for all
 * Caddys of a host, and the service of the system may have it.
 */
export const adapt = (text: string, { host, adminPort }: ProxySite): string => {
  const address = hostAndPort({ host, port: adminPort });
  const object = parsed(text);
  if (typeof object === 'object' && object !== null) {
    return 'admin' in object ? text : text.replace('{', `{"admin":{"listen":"${address}"},`);
  }
  const lines = text.split('\n');
  const first = lines.findIndex((line) => !/^\s*(#.*)?$/.test(line));
  const beginning = lines[first] ?? '';
  const admin = `\tadmin ${address}`;
  // Global options are the first block, and have no name; a brace ends its line, or Caddy refuses the file.
  if (!/^\s*\{(\s|$)/.test(beginning)) return ['{', admin, '}', text].join('\n');
  if (!/^\s*\{\s*(#.*)?$/.test(beginning) || hasAdmin(lines.slice(first + 1))) return text;
  return [...lines.slice(0, first + 1), admin, ...lines.slice(first + 1)].join('\n');
};
