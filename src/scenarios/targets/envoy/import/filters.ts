/** Filters of the connection manager: rules, admission, and the adaptive limit. */
import type { GatewaySection } from '../../../../gateway/config.js';
import { percent } from '../words.js';
import type { Draft } from './clusters.js';
import { type Cursor, durationText, percentText } from './cursor.js';

type Rule = NonNullable<GatewaySection['rules']>[number];
type Conditions = Omit<Rule, 'action' | 'name' | 'rateLimit'>;

/** What `found` of the translation puts around an expression. */
const FOUND = /^\(\?s:\.\*\)\(\?:(.*)\)\(\?s:\.\*\)$/s;
const BELOW = /^(\/[\w/%~-]*?)(?:\(\?:\/\(\?s:\.\*\)\)\?|\(\?s:\.\*\))$/;

/** An expression that is found anywhere, as JavaScript has it; `null`: it means something else there, or nothing. */
const javascriptOf = (regex: string): { readonly text: string; readonly ignoreCase: boolean } | null => {
  const inner = FOUND.exec(regex)?.[1] ?? `^(?:${regex})$`;
  const [, caseless] = /^\(\?i:(.*)\)$/s.exec(inner) ?? [];
  const text = (caseless ?? inner).replaceAll('(?P<', '(?<');
  if (/\\x\{|\\[AzQEpP]|\(\?[a-zA-Z-]+[:)]/.test(text)) return null;
  try {
    new RegExp(text);
    return { text, ignoreCase: caseless !== undefined };
  } catch {
    return null;
  }
};

const readHeader = (header: Cursor): Conditions | null => {
  const name = header.at('name').text ?? '';
  const regex = header.at('string_match', 'safe_regex', 'regex').text;
  const exact = header.at('string_match', 'exact').text;
  if (header.at('invert_match').value === true) return null;
  if (name === ':method') {
    const text = regex ?? exact ?? '';
    return /^[A-Z-]+(\|[A-Z-]+)*$/.test(text) ? { methods: text.split('|') } : null;
  }
  const read = regex === null ? null : javascriptOf(regex);
  if (read === null) return null;
  const ignoreCase = read.ignoreCase ? { ignoreCase: 'on' as const } : {};
  if (name === ':path') return { pattern: read.text, ...ignoreCase };
  return name.startsWith(':') || name === '' ? null : { headers: { [name]: read.text }, ...ignoreCase };
};

const readPermission = (permission: Cursor): Conditions | null => {
  if (permission.at('any').value === true) return {};
  if (permission.at('header').isThere) return readHeader(permission.at('header'));
  const path = permission.at('url_path', 'path');
  const below = BELOW.exec(path.at('safe_regex', 'regex').text ?? '')?.[1] ?? path.at('prefix').text;
  if (below?.startsWith('/')) return { path: below };
  const parts = permission.at('and_rules', 'rules').items.map(readPermission);
  return parts.length === 0 ? null : together(parts);
};

/** Of a rule each condition is named once, but for fields. */
const together = (parts: readonly (Conditions | null)[]): Conditions | null => {
  const whole: Conditions = {};
  for (const part of parts) {
    if (part === null) return null;
    const { headers, ...others } = part;
    if (Object.keys(others).some((key) => key !== 'ignoreCase' && Object.hasOwn(whole, key))) return null;
    Object.assign(whole, others, headers && { headers: { ...whole.headers, ...headers } });
  }
  return whole;
};

const readPrincipal = (principal: Cursor): readonly string[] | null => {
  if (principal.at('any').value === true) return [];
  const range = ['direct_remote_ip', 'remote_ip']
    .map((key) => principal.at(key))
    .find(({ isThere }) => isThere);
  if (range !== undefined) {
    const [prefix, length] = [range.at('address_prefix').text, range.at('prefix_len').number];
    return prefix === null ? null : [length === null ? prefix : `${prefix}/${length}`];
  }
  const ids = principal.at('or_ids', 'ids').items.map(readPrincipal);
  return ids.length === 0 || ids.includes(null) ? null : ids.flatMap((clients) => clients ?? []);
};

const readPolicy = (name: string, policy: Cursor): Rule | null => {
  const [permissions, principals] = [policy.at('permissions').items, policy.at('principals').items];
  const conditions = permissions.length === 1 ? readPermission(permissions[0]!) : null;
  const clients = principals.map(readPrincipal);
  if (conditions === null || clients.length === 0 || clients.includes(null)) return null;
  const isAnybody = clients.some((some) => some?.length === 0);
  const named = isAnybody ? [] : clients.flatMap((some) => some ?? []);
  return {
    ...(name !== '' && { name }),
    ...conditions,
    ...(named.length > 0 && { clients: named }),
    action: 'block',
  };
};

const readRbac = (filter: Cursor, draft: Draft): void => {
  const rules = filter.at('typed_config', 'rules');
  if (rules.at('action').text !== 'DENY') {
    filter.lost('only what is denied is read: a rule of the section blocks, and all others are let in');
    return;
  }
  for (const name of rules.at('policies').keys) {
    const policy = rules.at('policies', name);
    const rule = readPolicy(name, policy);
    const isTaken = draft.rules?.some((other) => other.name === name) ?? false;
    if (rule === null || isTaken) {
      policy.lost(
        'a rule of the section is one method, path, expression, field and client, all of which fit',
      );
      continue;
    }
    draft.rules = [...(draft.rules ?? []), rule];
    policy.understood(`rules: ${JSON.stringify(rule)}`);
  }
  rules.at('action').understood('action: block');
};

/** The shortest k that comes to this threshold, which was rounded. */
const ratioFor = (threshold: number): number => {
  for (let digits = 1; digits < 12; digits++) {
    const k = Number((100 / threshold).toFixed(digits));
    if (percent(1 / k) === threshold) return Math.max(1, k);
  }
  return Math.max(1, 100 / threshold);
};

const readAdmission = (filter: Cursor, draft: Draft): void => {
  const config = filter.at('typed_config');
  const value = (key: string): number | null => {
    const field = config.at(key, 'default_value');
    return field.number ?? field.at('value').number;
  };
  const threshold = value('sr_threshold') ?? 95;
  const aggression = value('aggression') ?? 1;
  const most = value('max_rejection_probability') ?? 80;
  const windowMs = config.at('sampling_window').durationMs ?? 30_000;
  const window = durationText(windowMs);
  const rate = value('rps_threshold') ?? 0;
  // With these it is the client throttle of the SRE book, to the last digit.
  const isSre = aggression === 1 && most === 100 && rate === 0 && threshold > 0;
  draft.admission = isSre
    ? { formula: 'sre', k: ratioFor(threshold), window }
    : {
        ...{
          formula: 'envoy',
          window,
          threshold: percentText(threshold),
          aggression: Math.max(1, aggression),
        },
        ...{ minRate: `${rate}/s`, maxProbability: percentText(most) },
      };
  if (config.at('enabled', 'default_value').value === false) {
    delete draft.admission;
    filter.ignored('it is switched off');
  } else filter.understood(`admission: ${JSON.stringify(draft.admission)}`);
};

const readAdaptive = (filter: Cursor, draft: Draft): void => {
  const controller = filter.at('typed_config', 'gradient_controller_config');
  const [limits, rtt] = [controller.at('concurrency_limit_params'), controller.at('min_rtt_calc_params')];
  const [max, min, buffer] = [
    limits.at('max_concurrency_limit').number,
    rtt.at('min_concurrency').number,
    rtt.at('buffer', 'value').number,
  ];
  const [updateMs, rttMs] = [
    limits.at('concurrency_update_interval').durationMs,
    rtt.at('interval').durationMs,
  ];
  draft.globalConcurrency = {
    adaptive: {
      algorithm: 'gradient',
      ...(min !== null && { min }),
      ...(max !== null && { max }),
      ...(updateMs !== null && { update: durationText(updateMs) }),
      ...(rttMs !== null && { minRttInterval: durationText(rttMs) }),
      ...(buffer !== null && { buffer: percentText(buffer) }),
    },
  };
  filter.understood(`globalConcurrency: ${JSON.stringify(draft.globalConcurrency)}`);
};

export const readFilters = (manager: Cursor, draft: Draft): void => {
  for (const filter of manager.at('http_filters').items) {
    switch (filter.at('typed_config').type) {
      case 'Router':
        filter.understood('requests are passed on');
        break;
      case 'RBAC':
        readRbac(filter, draft);
        break;
      case 'AdmissionControl':
        readAdmission(filter, draft);
        break;
      case 'AdaptiveConcurrency':
        readAdaptive(filter, draft);
        break;
      case 'Buffer': {
        const bytes = filter.at('typed_config', 'max_request_bytes').number;
        if (bytes !== null) draft.listener = { ...draft.listener, maxBody: `${bytes}B` };
        filter.nearly(`listener.maxBody: ${bytes}B; bodies pass through as they come`);
        break;
      }
      default:
        filter.lost('the section has no words for this filter');
    }
  }
};
