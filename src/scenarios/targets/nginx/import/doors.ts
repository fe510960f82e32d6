/** What keeps requests out: `limit_req`, `limit_conn`, `allow`, `deny`, and `if` with a `return`. */

import { parseNetwork } from '../../../../gateway/config/networks.js';
import { MAX_RULES } from '../../../../gateway/config/rules.js';
import type { GatewaySection } from '../../../../gateway/config.js';
import { entriesOf } from './caching.js';
import type { Directive } from './parse.js';
import { pathOfPattern } from './paths.js';
import { allIn, named, type Reading } from './reading.js';
import { rateText, readCount } from './units.js';

type Rule = {
  -readonly [Key in keyof NonNullable<GatewaySection['rules']>[number]]: NonNullable<
    GatewaySection['rules']
  >[number][Key];
};
type RateLimit = NonNullable<GatewaySection['rateLimit']>;

interface Zone {
  readonly directive: Directive;
  readonly key: string;
  readonly rate: string;
  readonly size: string;
}

const OF_CLIENT = /^\$(?:binary_)?remote_addr$/;

const zonesOf = (http: readonly Directive[], name: string): Map<string, Zone> =>
  new Map(
    named(http, name).map((directive) => {
      const [key = '', ...args] = directive.args;
      const wordOf = (word: string): string =>
        args.find((arg) => arg.startsWith(`${word}=`))?.slice(word.length + 1) ?? '';
      const [zone = '', size = ''] = wordOf('zone').split(':');
      return [zone, { directive, key, rate: wordOf('rate'), size }];
    }),
  );

const zoneOf = ({ args }: Directive): string =>
  args.find((arg) => arg.startsWith('zone='))?.slice('zone='.length) ?? args[0] ?? '';

export class Doors {
  readonly #reading: Reading;
  readonly #rates: ReadonlyMap<string, Zone>;
  readonly #counts: ReadonlyMap<string, Zone>;
  readonly #rules: Rule[] = [];
  /** By the number of an exported rule, the rule. */
  readonly #exported = new Map<number, Rule>();
  #around: ReadonlySet<string> = new Set();
  /** The last that `allow` or `deny` has made. */
  #access: Rule | null = null;

  constructor(reading: Reading, http: readonly Directive[]) {
    this.#reading = reading;
    this.#rates = zonesOf(http, 'limit_req_zone');
    this.#counts = zonesOf(http, 'limit_conn_zone');
  }

  /** What holds for the whole server. */
  readServer(levels: readonly (readonly Directive[])[]): void {
    this.#readExported(levels[0] ?? []);
    for (const level of levels) this.#readIfs(level, undefined);
    const [rates, counts] = [allIn(levels, 'limit_req'), allIn(levels, 'limit_conn')];
    for (const directive of rates) this.#readRate(directive, undefined);
    for (const directive of counts) this.#readCount(directive);
    const access = levels.find((level) => level.some(({ name }) => name === 'allow' || name === 'deny'));
    this.#readAccess(access ?? [], undefined);
    for (const name of ['limit_req_status', 'limit_conn_status']) {
      for (const directive of allIn(levels, name)) this.#readStatus(directive);
    }
    this.#around = new Set([...rates, ...counts].map(zoneOf));
  }

  /** What holds for a location. @returns requests of it at once; `null`: any number. */
  readLocation(level: readonly Directive[], path: string): number | null {
    this.#readIfs(level, path);
    for (const directive of named(level, 'limit_req')) {
      if (this.#around.has(zoneOf(directive))) this.#reading.say(directive, 'understood', 'as around it');
      else this.#readRate(directive, path);
    }
    this.#readAccess(level, path);
    let limit: number | null = null;
    for (const directive of named(level, 'limit_conn')) {
      const zone = this.#counts.get(zoneOf(directive));
      if (this.#around.has(zoneOf(directive))) this.#reading.say(directive, 'understood', 'as around it');
      else if (zone === undefined || OF_CLIENT.test(zone.key)) this.#lose(directive);
      else {
        limit = readCount(directive.args[1], 0) || null;
        this.#tell(directive, zone, `concurrency of the route: ${limit}`);
      }
    }
    return limit;
  }

  finish(): void {
    if (this.#rules.length > 0) this.#reading.section.rules = this.#rules.slice(0, MAX_RULES);
    for (const zone of [...this.#rates.values(), ...this.#counts.values()]) {
      this.#reading.say(zone.directive, 'ignored', 'no limit that is kept here uses it');
    }
  }

  #tell(directive: Directive, zone: Zone, note: string): void {
    this.#reading.say(directive, 'understood', note);
    this.#reading.say(zone.directive, 'understood', note);
  }

  #lose(directive: Directive): void {
    this.#reading.say(
      directive,
      'lost',
      'requests at once are counted for the gateway and for a route, not for a client',
    );
  }

  #readStatus(directive: Directive): void {
    const wanted = directive.name === 'limit_req_status' ? '429' : '503';
    const isSame = directive.args[0] === wanted;
    this.#reading.say(directive, isSame ? 'understood' : 'nearly', `refused with ${wanted}`);
  }

  #readCount(directive: Directive): void {
    const zone = this.#counts.get(zoneOf(directive));
    const limit = readCount(directive.args[1], 0);
    if (zone === undefined || OF_CLIENT.test(zone.key) || limit === 0) {
      this.#lose(directive);
      return;
    }
    this.#reading.section.globalConcurrency = { limit };
    this.#tell(directive, zone, `globalConcurrency.limit: ${limit}`);
  }

  #limitOf(directive: Directive, zone: Zone): RateLimit | null {
    const rate = rateText(zone.rate);
    const burst = directive.args.find((arg) => arg.startsWith('burst='))?.slice('burst='.length);
    if (rate === null) return null;
    return { rate, burst: readCount(burst, 0) + 1, maxClients: entriesOf(zone.size) };
  }

  #readRate(directive: Directive, path: string | undefined): void {
    const zone = this.#rates.get(zoneOf(directive));
    const limit = zone === undefined ? null : this.#limitOf(directive, zone);
    if (zone === undefined || limit === null) {
      this.#reading.say(directive, 'lost', 'its zone is not here');
      return;
    }
    const waits = limit.burst !== 1 && !directive.args.includes('nodelay');
    const number = Number(/^\$rule_(\d+)_client$/.exec(zone.key)?.[1] ?? 0);
    const rule = this.#exported.get(number);
    if (rule !== undefined) {
      Object.assign(rule, { action: 'rate-limit', rateLimit: limit });
      this.#tell(directive, zone, `rules: rate-limit, by ${zone.key}`);
      return;
    }
    if (!OF_CLIENT.test(zone.key)) {
      this.#reading.say(directive, 'lost', 'rates are limited by client address only');
      this.#reading.say(zone.directive, 'lost', 'rates are limited by client address only');
      return;
    }
    const note = path === undefined ? `rateLimit: ${limit.rate}` : `rules: rate-limit below ${path}`;
    if (waits) this.#reading.say(directive, 'nearly', `${note}; nobody waits, who is too fast is refused`);
    if (path !== undefined) {
      this.#rules.push({ path, action: 'rate-limit', rateLimit: limit });
    } else if (this.#reading.section.rateLimit === undefined) this.#reading.section.rateLimit = limit;
    else this.#rules.push({ action: 'rate-limit', rateLimit: limit });
    this.#tell(directive, zone, note);
  }

  #readAccess(level: readonly Directive[], path: string | undefined): void {
    for (const directive of level) {
      if (directive.name !== 'allow' && directive.name !== 'deny') continue;
      const [from = ''] = directive.args;
      const action = directive.name === 'allow' ? 'allow' : 'block';
      if (from !== 'all' && parseNetwork(from) === null) {
        this.#reading.say(directive, 'lost', `${from} is no address`);
        continue;
      }
      if (this.#addAccess(from, action, path)) this.#reading.say(directive, 'understood', `rules: ${action}`);
      else this.#reading.say(directive, 'lost', `there are at most ${MAX_RULES} rules`);
    }
  }

  /** A long list of addresses is one rule. @returns whether there was room for it. */
  #addAccess(from: string, action: 'allow' | 'block', path: string | undefined): boolean {
    const last = this.#rules.at(-1);
    const isOfLast =
      last !== undefined && last === this.#access && last.action === action && last.path === path;
    if (isOfLast && from !== 'all' && last.clients !== undefined) {
      last.clients = [...last.clients, from];
      return true;
    }
    if (this.#rules.length >= MAX_RULES) return false;
    const rule: Rule = {
      ...(path !== undefined && { path }),
      ...(from !== 'all' && { clients: [from] }),
      action,
    };
    this.#rules.push(rule);
    this.#access = rule;
    return true;
  }

  #readIfs(level: readonly Directive[], path: string | undefined): void {
    for (const directive of named(level, 'if')) {
      if (this.#reading.has(directive)) continue;
      const [inner, ...more] = directive.block ?? [];
      const rule = more.length === 0 && inner?.name === 'return' ? conditionOf(directive.args) : null;
      const status = Number(inner?.args[0]);
      if (rule === null || !(status >= 400)) {
        this.#reading.sayAll([directive], 'lost', 'a condition that no rule of the section can say');
        continue;
      }
      this.#rules.push({ ...(path !== undefined && { path }), ...rule, action: 'block' });
      const isSame = status === 403;
      this.#reading.say(directive, 'understood', 'rules: block');
      this.#reading.say(inner!, isSame ? 'understood' : 'nearly', 'refused with 403');
    }
  }

  /** Rules as an export writes them: a variable for each, and one for the first that fits. */
  #readExported(server: readonly Directive[]): void {
    const decision = this.#reading.mappings.get('$rule');
    if (decision === undefined) return;
    const numbers = decision.entries.filter(([key]) => key.startsWith('~')).map(([, value]) => Number(value));
    const blocking = named(server, 'if').find(({ args }) => args[0] === '($rule');
    const blocked = new Set((blocking?.args[2]?.match(/\d+/g) ?? []).map(Number));
    if (blocking !== undefined) this.#reading.sayAll([blocking], 'understood', 'rules: block');
    this.#reading.say(decision.directive, 'understood', 'rules, in their order');
    for (const number of numbers) {
      const rule: Rule = { action: blocked.has(number) ? 'block' : 'allow' };
      for (const [variable, mapping] of this.#reading.mappings) {
        if (!variable.startsWith(`$rule_${number}_`) && variable !== `$rule_${number}`) continue;
        this.#reading.say(mapping.directive, 'understood', `rules: the one of ${variable}`);
        if (/_\d+_\d+$/.test(variable))
          Object.assign(rule, exportedCondition(mapping.source, mapping.entries, mapping.kind));
      }
      this.#exported.set(number, rule);
      this.#rules.push(rule);
    }
  }
}

const exportedCondition = (
  source: string,
  entries: readonly (readonly [string, string])[],
  kind: string,
): Partial<Rule> => {
  const keys = entries.map(([key]) => key).filter((key) => key !== 'default');
  const [first = ''] = keys;
  if (kind === 'geo') return { clients: keys };
  if (source === '$request_method') return { methods: keys };
  const pattern = first.replace(/^~\*?/, '');
  const path = source === '$request_uri' ? pathOfPattern(pattern, '(/|\\?|$)') : null;
  if (path !== null) return { path };
  const ignoreCase = first.startsWith('~*') ? ({ ignoreCase: 'on' } as const) : {};
  if (source === '$request_uri') return { pattern, ...ignoreCase };
  return { headers: { [source.replace('$http_', '').replaceAll('_', '-')]: pattern }, ...ignoreCase };
};

const isExpression = (text: string): boolean => {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
};

/** `($http_user_agent ~* bot)` as what a rule names; `null`: it cannot. */
const conditionOf = (args: readonly string[]): Partial<Rule> | null => {
  const words = args
    .join(' ')
    .replace(/^\(\s*/, '')
    .replace(/\s*\)$/, '');
  const [, variable = '', operator = '', value = ''] = /^(\$\w+)\s+(~\*|~|=)\s+(.*)$/.exec(words) ?? [];
  if (variable === '') return null;
  const pattern = operator === '=' ? `^${value.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')}$` : value;
  if (!isExpression(pattern)) return null;
  const ignoreCase = operator === '~*' ? ({ ignoreCase: 'on' } as const) : {};
  if (variable === '$request_uri') return { pattern, ...ignoreCase };
  if (variable === '$request_method') {
    const methods = /^\^?\(?([A-Z|]+)\)?\$?$/.exec(value)?.[1]?.split('|');
    return methods === undefined ? null : { methods };
  }
  if (variable === '$remote_addr')
    return operator === '=' && parseNetwork(value) !== null ? { clients: [value] } : null;
  const header = /^\$http_(\w+)$/.exec(variable)?.[1];
  return header === undefined ? null : { headers: { [header.replaceAll('_', '-')]: pattern }, ...ignoreCase };
};
