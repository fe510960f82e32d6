/** `server` lines: who there is, and what each line says of checks, limits and TLS. */
import { isIP } from 'node:net';
import type { ImportedServer } from '../../imported.js';
import type { Directive } from './document.js';
import type { Notes } from './notes.js';
import { linesWith, type ProxySection, timeMs } from './proxies.js';

/** Servers of the whole file: one address is one server, in however many backends. */
export class Servers {
  readonly list: ImportedServer[] = [];
  readonly #ids = new Map<string, string>();

  idOf(address: string): string {
    const known = this.#ids.get(address);
    if (known !== undefined) return known;
    const id = `worker-${this.list.length + 1}`;
    this.#ids.set(address, id);
    this.list.push({ id, address });
    return id;
  }
}

/** Words of a server line by their name; of those without a value the value is ''. */
export type Parameters = ReadonlyMap<string, string>;

export interface ServerRead {
  readonly id: string;
  readonly host: string;
  readonly line: Directive;
  readonly parameters: Parameters;
}

/** Parameters that stand alone. */
const FLAGS: ReadonlySet<string> = new Set([
  ...[
    'check',
    'backup',
    'disabled',
    'enabled',
    'ssl',
    'check-ssl',
    'no-check',
    'no-ssl',
    'no-backup',
    'non-stick',
  ],
  ...[
    'send-proxy',
    'send-proxy-v2',
    'check-send-proxy',
    'agent-check',
    'no-agent-check',
    'tfo',
    'allow-0rtt',
  ],
  ...['no-check-ssl', 'force-tlsv12', 'force-tlsv13', 'no-sslv3', 'no-tlsv10', 'no-tlsv11', 'no-tls-tickets'],
  ...['ssl-reuse', 'no-ssl-reuse', 'check-via-socks4', 'no-send-proxy', 'no-verifyhost'],
]);

const readParameters = (words: readonly string[]): Map<string, string> => {
  const parameters = new Map<string, string>();
  for (let index = 0; index < words.length; index++) {
    const name = words[index]!;
    if (FLAGS.has(name)) {
      parameters.set(name, '');
      if (name.startsWith('no-')) parameters.delete(name.slice(3));
    } else {
      parameters.set(name, words[++index] ?? '');
    }
  }
  return parameters;
};

const KNOWN: ReadonlySet<string> = new Set([
  ...['weight', 'maxconn', 'backup', 'check', 'inter', 'rise', 'fall', 'slowstart', 'observe', 'error-limit'],
  ...['on-error', 'ssl', 'verify', 'ca-file', 'verifyhost', 'sni', 'alpn', 'check-ssl', 'check-sni', 'track'],
  ...['resolvers', 'resolve-prefer', 'init-addr', 'maxqueue', 'disabled', 'enabled'],
]);

/** Words that change nothing of how a request fares. */
const IDLE: ReadonlySet<string> = new Set([
  ...[
    'id',
    'cookie',
    'namespace',
    'resolve-opts',
    'pool-max-conn',
    'pool-purge-delay',
    'pool-low-conn',
    'tfo',
  ],
  ...[
    'ssl-min-ver',
    'ssl-max-ver',
    'ciphers',
    'ciphersuites',
    'ssl-reuse',
    'check-alpn',
    'no-tls-tickets',
    'crt',
  ],
  ...['source', 'proto', 'log-proto', 'max-reuse', 'non-stick', 'force-tlsv12', 'force-tlsv13', 'no-sslv3'],
]);

const describe = (id: string, parameters: Parameters): { fate: 'understood' | 'nearly'; note: string } => {
  const strange = [...parameters.keys()].filter((name) => !KNOWN.has(name) && !IDLE.has(name));
  const said = [
    ...(strange.length > 0 ? [`lost: ${strange.join(', ')}`] : []),
    ...(parameters.has('cookie') ? ['no session sticks to a server by a cookie'] : []),
    ...(parameters.has('disabled') ? ['disabled: a weight of 0'] : []),
    ...(parameters.has('maxqueue') ? ['maxqueue: beyond it a request is refused, not sent to another'] : []),
    ...(parameters.get('verify') === 'none' ? ['certificates are looked at: nothing switches that off'] : []),
  ];
  return { fate: said.length === 0 ? 'understood' : 'nearly', note: [id, ...said].join('; ') };
};

/** `127.0.0.1:80`, `[::1]:80`, `ipv4@10.0.0.7:80`, `name:80`; without a port it is the client's. */
const addressIn = (word: string): { readonly address: string; readonly host: string } => {
  const address = word.replace(/^ipv[46]@/, '');
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]*))(?::.*)?$/.exec(address) ?? [];
  const host = isIP(address) === 6 ? address : (bracketed ?? plain ?? address);
  return { address, host };
};

/** The servers of a backend, in their order; `default-server` lines count for those behind them. */
export const readServers = (proxy: ProxySection, servers: Servers, notes: Notes): ServerRead[] => {
  let byDefault: Parameters = new Map();
  const found: ServerRead[] = [];
  for (const directive of proxy.lines) {
    const [kind, name = '', word = ''] = directive.words;
    if (kind === 'default-server') {
      byDefault = new Map([...byDefault, ...readParameters(directive.words.slice(1))]);
      const { fate, note } = describe('for the servers behind it', byDefault);
      notes.say(directive, fate, note);
    } else if (kind === 'server' || kind === 'server-template') {
      const isTemplate = kind === 'server-template';
      const { address, host } = addressIn(isTemplate ? (directive.words[3] ?? '') : word);
      const id = servers.idOf(address === '' ? name : address);
      const own = readParameters(directive.words.slice(isTemplate ? 4 : 3));
      if (own.has('no-check')) own.delete('check');
      const parameters = new Map([...byDefault, ...own]);
      const { fate, note } = describe(id, own);
      if (isTemplate) notes.say(directive, 'nearly', `${note}; one server for all that the name resolves to`);
      else notes.say(directive, fate, note);
      found.push({ id, host, line: directive, parameters });
    }
  }
  return found;
};

/** What the section says of checks: one server's words stand for all, which are alike in nearly every config. */
export const readCheck = (
  servers: readonly ServerRead[],
): { readonly intervalMs: number; readonly rise: number; readonly fall: number } | null => {
  const checked = servers.find(({ parameters }) => parameters.has('check'));
  if (checked === undefined) return null;
  const { parameters } = checked;
  return {
    intervalMs: timeMs(parameters.get('inter')) || 2_000,
    rise: Math.max(1, Number(parameters.get('rise') ?? 2)),
    fall: Math.max(1, Number(parameters.get('fall') ?? 3)),
  };
};

/** Whether checks ask for something, and do not just connect. */
export const asksOverHttp = (proxy: ProxySection): boolean =>
  linesWith(proxy, 'option', 'httpchk').some(({ words }) => words[0] !== 'no');
