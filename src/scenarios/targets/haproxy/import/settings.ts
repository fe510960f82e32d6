/** Of a backend, how long, how often and whom: timeouts, retries and the balancer. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { RetryCondition } from '../../../../policies/retry-conditions.js';
import type { Directive } from './document.js';
import type { Notes } from './notes.js';
import { durationText, hasOption, lastWith, linesWith, type ProxySection, timeMs } from './proxies.js';
import type { ServerRead } from './servers.js';

type RetrySection = NonNullable<GatewaySection['retry']>;

/** A time of the proxy; `null`: none is said, or something that is no time. */
export const timeoutMs = (proxy: ProxySection, name: string): number | null =>
  // One of 0 never ends.
  timeMs(lastWith(proxy, 'timeout', name)?.words[2]) || null;

const CONDITIONS: Readonly<Record<string, readonly RetryCondition[]>> = {
  none: [],
  'conn-failure': ['connect-failure'],
  'empty-response': ['reset'],
  'junk-response': ['protocol-error'],
  'response-timeout': ['timeout'],
  'all-retryable-errors': ['connect-failure', 'reset', 'protocol-error', 'timeout'],
};

const ALL_STATUSES = [500, 502, 503, 504];

/** Three more attempts, where nothing is said. */
const RETRIES = 3;

export const readRetry = (proxy: ProxySection, notes: Notes): RetrySection | null => {
  const retries = lastWith(proxy, 'retries');
  const on = lastWith(proxy, 'retry-on');
  const count = retries === null ? RETRIES : Number(retries.words[1]);
  const redispatch = hasOption(proxy, 'redispatch');
  const lines = linesWith(proxy, 'option', 'redispatch');
  if (!(count > 0)) {
    if (retries !== null) notes.say(retries, 'understood', 'no `retry`');
    for (const line of [...lines, ...(on === null ? [] : [on])]) {
      notes.say(line, 'ignored', 'nothing is sent twice without retries');
    }
    return null;
  }
  const keywords = on?.words.slice(1) ?? ['conn-failure'];
  const conditions = [...new Set(keywords.flatMap((keyword) => CONDITIONS[keyword] ?? []))];
  const statuses = [
    ...keywords.map(Number).filter((status) => status >= 200),
    ...(keywords.includes('all-retryable-errors') ? ALL_STATUSES : []),
  ];
  if (retries !== null) {
    notes.say(
      retries,
      'understood',
      `retry.attempts: ${count + 1}; nothing bounds them together, as in HAProxy`,
    );
  }
  if (on !== null) noteRetryOn(on, keywords, conditions, statuses, notes);
  const always = redispatch && lines.at(-1)?.words[2] === '1';
  for (const line of lines) {
    if (always) notes.say(line, 'understood', 'each retry is on another upstream');
    else
      notes.say(line, 'nearly', 'each retry is on another upstream where there is one, not the last alone');
  }
  const wait = always ? '0s' : durationText(Math.min(1000, timeoutMs(proxy, 'connect') ?? 1000));
  return {
    attempts: count + 1,
    // It has to say something; this is what HAProxy does without a retry.
    on: conditions.length === 0 ? ['refused'] : conditions,
    ...(statuses.length > 0 && { statuses }),
    backoff: { jitter: 'none', base: wait, max: wait },
    budget: { type: 'unlimited' },
  };
};

const noteRetryOn = (
  line: Directive,
  keywords: readonly string[],
  conditions: readonly RetryCondition[],
  statuses: readonly number[],
  notes: Notes,
): void => {
  const strange = keywords.filter((word) => CONDITIONS[word] === undefined && !/^\d+$/.test(word));
  const said = [
    `retry.on: ${conditions.join(', ') || 'nothing that an upstream does'}`,
    ...(statuses.length > 0 ? [`statuses: ${statuses.join(', ')}`] : []),
  ].join('; ');
  if (strange.length > 0) notes.say(line, 'nearly', `${said}; not ${strange.join(', ')}`);
  else notes.say(line, 'understood', said);
};

/** Where a key comes from, as `hashOn` has it; `null`: from nowhere that it knows. */
const hashOnOf = (sample: string): string | null => {
  if (sample === 'src') return 'client';
  if (sample === 'path') return 'path';
  if (sample === 'pathq' || sample === 'url') return 'url';
  const [, field] = /^(?:req\.)?f?hdr\(([A-Za-z0-9-]+)\)$/.exec(sample) ?? [];
  if (field !== undefined) return `header:${field}`;
  const [, cookie] = /^req\.cook(?:ie)?\(([A-Za-z0-9_-]+)\)$/.exec(sample) ?? [];
  return cookie === undefined ? null : `cookie:${cookie}`;
};

/** The sample that a variable was last set to. */
const sampleIn = (proxy: ProxySection, variable: string): string => {
  const line = linesWith(proxy, 'http-request', `set-var(${variable})`).at(-1);
  return line?.words[2] ?? '';
};

/** What `balance …` hashes; `null`: it hashes nothing that the section knows. */
const hashedBy = (proxy: ProxySection, words: readonly string[]): string | null => {
  const [algorithm = '', first = '', ...rest] = words;
  const [, header] = /^hdr\(([A-Za-z0-9-]+)\)$/.exec(algorithm) ?? [];
  if (header !== undefined) return `header:${header}`;
  if (algorithm === 'source') return 'client';
  if (algorithm === 'uri') return [first, ...rest].includes('whole') ? 'url' : 'path';
  if (algorithm !== 'hash') return null;
  const [, variable] = /^var\((.+)\)$/.exec(first) ?? [];
  return hashOnOf(variable === undefined ? first : sampleIn(proxy, variable));
};

export interface BalanceRead {
  readonly balancer: GatewaySection['balancer'];
  readonly hashOn: string | null;
}

/** Algorithms that hash nothing, and how the section differs. */
const PLAIN: Readonly<
  Record<string, readonly [name: 'least-requests' | 'random' | 'p2c', nearly: string | null]>
> = {
  leastconn: ['least-requests', null],
  'random(1)': ['random', null],
  'random(2)': ['p2c', null],
  random: ['p2c', null],
};

/** Whether round robin has to heed how much each gets. */
export const isWeighted = (servers: readonly ServerRead[]): boolean =>
  servers.some(
    ({ parameters }) =>
      !['0', '1'].includes(parameters.get('weight') ?? '1') ||
      (parameters.has('slowstart') && parameters.has('check')),
  );

const roundRobin = (servers: readonly ServerRead[]): BalanceRead => ({
  balancer: isWeighted(servers) ? 'weighted-round-robin' : 'round-robin',
  hashOn: null,
});

export const readBalance = (
  proxy: ProxySection,
  servers: readonly ServerRead[],
  notes: Notes,
): BalanceRead => {
  const line = lastWith(proxy, 'balance');
  const factor = lastWith(proxy, 'hash-balance-factor');
  const type = lastWith(proxy, 'hash-type');
  if (line === null) return roundRobin(servers);
  const [, ...words] = line.words;
  const [algorithm = ''] = words;
  const hashOn = hashedBy(proxy, words);
  const say = (balancer: string, nearly: string | null): void => {
    notes.say(line, nearly === null ? 'understood' : 'nearly', `balancer: ${balancer}${nearly ?? ''}`);
  };
  if (hashOn !== null) {
    const percent = Number(factor?.words[1] ?? 0);
    const consistent = type?.words[1] === 'consistent';
    say(
      `ring-hash; hashOn: ${hashOn}`,
      consistent ? null : '; a key moves with fewer of the servers than here',
    );
    if (type !== null) notes.say(type, consistent ? 'understood' : 'nearly', 'a ring of hashes');
    if (factor !== null) notes.say(factor, 'understood', `balancer.boundedLoad: ${percent}%`);
    const balancer =
      percent > 0 ? ({ name: 'ring-hash', boundedLoad: `${percent}%` } as const) : ('ring-hash' as const);
    return { balancer, hashOn };
  }
  const [name, nearly] = PLAIN[algorithm] ?? [];
  if (name === 'p2c' && isWeighted(servers)) {
    say('random', '; p2c takes no weights');
    return { balancer: 'random', hashOn: null };
  }
  if (name !== undefined) {
    say(name, nearly ?? null);
    return { balancer: name, hashOn: null };
  }
  const found = roundRobin(servers);
  const known = algorithm === 'roundrobin' || algorithm === 'static-rr';
  say(String(found.balancer), known ? null : `; ${algorithm} is none that the section knows`);
  return found;
};
