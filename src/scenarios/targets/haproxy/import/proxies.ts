/** A frontend, backend or listen section with the defaults that it has, and small things that many lines say. */

import { Acls } from './conditions.js';
import type { Directive, Section } from './document.js';

export interface ProxySection {
  readonly section: Section;
  /** Its own lines behind those of its defaults. */
  readonly lines: readonly Directive[];
  readonly acls: Acls;
}

/** Settings that a proxy does not take over from its defaults, or that are not settings. */
const OWN_ONLY: ReadonlySet<string> = new Set(['acl', 'bind', 'server', 'use_backend', 'use-server']);

/** Each proxy has the nearest defaults before it, or those that it names. */
export const proxiesIn = (sections: readonly Section[]): ProxySection[] => {
  const named = new Map<string, Section>();
  let last: Section | null = null;
  const proxies: ProxySection[] = [];
  for (const section of sections) {
    if (section.kind === 'defaults') {
      last = section;
      named.set(section.name, section);
    } else if (['frontend', 'backend', 'listen'].includes(section.kind)) {
      const defaults = section.from === null ? last : (named.get(section.from) ?? null);
      const inherited = (defaults?.directives ?? []).filter(({ words }) => !OWN_ONLY.has(words[0]!));
      const lines = [...inherited, ...section.directives];
      proxies.push({ section, lines, acls: new Acls(lines) });
    }
  }
  return proxies;
};

/** Lines that begin with these words, `no` before them or not. */
export const linesWith = ({ lines }: ProxySection, ...first: readonly string[]): Directive[] =>
  lines.filter(({ words }) => {
    const own = words[0] === 'no' ? words.slice(1) : words;
    return first.every((word, index) => own[index] === word);
  });

/** The last of them, which is the one that counts. */
export const lastWith = (proxy: ProxySection, ...first: readonly string[]): Directive | null =>
  linesWith(proxy, ...first).at(-1) ?? null;

/** Whether `option NAME` is on. */
export const hasOption = (proxy: ProxySection, name: string): boolean => {
  const line = lastWith(proxy, 'option', name);
  return line !== null && line.words[0] !== 'no';
};

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time as HAProxy reads it; without a unit it is of milliseconds. @returns `null` for what is none. */
export const timeMs = (text: string | undefined): number | null => {
  const [, amount, unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text ?? '') ?? [];
  return amount === undefined ? null : Number(amount) * UNIT_MS[unit]!;
};

/** As the section writes it: 1,500 → `1500ms`, 2,000 → `2s`, without rounding anything away. */
export const durationText = (ms: number): string => {
  if (ms >= 1000 && ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms >= 1000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms >= 1000 && ms % 1000 === 0) return `${ms / 1000}s`;
  return Number.isInteger(ms) ? `${ms}ms` : `${Math.round(ms * 1000)}us`;
};

/** The same of a time as HAProxy writes it. */
export const timeText = (text: string | undefined): string | null => {
  const ms = timeMs(text);
  return ms === null ? null : durationText(ms);
};
