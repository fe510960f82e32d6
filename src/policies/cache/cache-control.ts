/**
 * `Cache-Control` of requests and responses (RFC 9111 section 5.2, RFC 5861). Names are read in any case, and where a
 * field contradicts itself or is broken, the reading that reuses less is taken: the smaller of two ages, 0 for an age
 * that is no number, and what stands behind a quote that never closes still counts.
 */

export interface CacheControl {
  readonly noStore: boolean;
  /** Unqualified, as is `private`; the fields that a qualified one names are in `fields`. */
  readonly noCache: boolean;
  readonly private: boolean;
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly onlyIfCached: boolean;
  /** `null`: not there. */
  readonly maxAgeMs: number | null;
  readonly sMaxAgeMs: number | null;
  /** Infinity: however stale. */
  readonly maxStaleMs: number | null;
  readonly minFreshMs: number | null;
  readonly staleWhileRevalidateMs: number | null;
  readonly staleIfErrorMs: number | null;
  /** Fields that may not be reused from the store, in lower case. */
  readonly fields: readonly string[];
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** What says nothing; shared by all of them. */
export const NO_CONTROL: CacheControl = {
  noStore: false,
  noCache: false,
  private: false,
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  onlyIfCached: false,
  maxAgeMs: null,
  sMaxAgeMs: null,
  maxStaleMs: null,
  minFreshMs: null,
  staleWhileRevalidateMs: null,
  staleIfErrorMs: null,
  fields: [],
};

type Flag = {
  [Key in keyof CacheControl]: CacheControl[Key] extends boolean ? Key : never;
}[keyof CacheControl];
type Age = {
  [Key in keyof CacheControl]: CacheControl[Key] extends number | null ? Key : never;
}[keyof CacheControl];

const FLAGS: ReadonlyMap<string, Flag> = new Map([
  ['no-store', 'noStore'],
  ['no-cache', 'noCache'],
  ['private', 'private'],
  ['public', 'public'],
  ['must-revalidate', 'mustRevalidate'],
  ['proxy-revalidate', 'proxyRevalidate'],
  ['must-understand', 'mustUnderstand'],
  ['only-if-cached', 'onlyIfCached'],
]);

const PERMISSIONS: ReadonlySet<Flag> = new Set<Flag>(['public', 'mustUnderstand']);

const AGES: ReadonlyMap<string, Age> = new Map([
  ['max-age', 'maxAgeMs'],
  ['s-maxage', 'sMaxAgeMs'],
  ['max-stale', 'maxStaleMs'],
  ['min-fresh', 'minFreshMs'],
  ['stale-while-revalidate', 'staleWhileRevalidateMs'],
  ['stale-if-error', 'staleIfErrorMs'],
]);

/** A name and, behind `=`, a quoted text or whatever stands before the next comma. */
const DIRECTIVE = /([^,=]+)(?:=("(?:[^"\\]|\\.)*"|[^,]*))?/g;

/** Larger numbers of seconds mean this one (RFC 9111 section 1.2.2). */
const MAX_SECONDS = 2 ** 31 - 1;

const unquoted = (value: string): string =>
  value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;

const durationMs = (value: string): number =>
  /^\d+$/.test(value) ? Math.min(Number(value), MAX_SECONDS) * 1000 : 0;

const FIELD_NAMES = /[^\s,"]+/g;

/** Fields read before, by their text: there are few different ones, and each comes with very many requests. */
const known = new Map<string, CacheControl>();

/** One more, and all of them are read anew: it takes clients that make them up to get here. */
const MAX_KNOWN = 256;

export const parseCacheControl = (field: string | readonly string[] | undefined): CacheControl => {
  if (field === undefined) return NO_CONTROL;
  const text = String(field);
  let control = known.get(text);
  if (control === undefined) {
    control = read(text);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(text, control);
  }
  return control;
};

const read = (text: string): CacheControl => {
  const control: Writable<CacheControl> = { ...NO_CONTROL };
  for (const [, rawName, rawValue] of text.matchAll(DIRECTIVE)) {
    const name = rawName!.trim().toLowerCase();
    const value = rawValue === undefined ? null : unquoted(rawValue.trim());
    const age = AGES.get(name);
    if (age !== undefined) {
      const readMs =
        value === null ? (age === 'maxStaleMs' ? Number.POSITIVE_INFINITY : 0) : durationMs(value);
      control[age] = Math.min(readMs, control[age] ?? Number.POSITIVE_INFINITY);
      continue;
    }
    const flag = FLAGS.get(name);
    if (flag === undefined) continue;
    const named = flag === 'noCache' || flag === 'private' ? value?.match(FIELD_NAMES) : null;
    if (named) control.fields = [...control.fields, ...named.map((one) => one.toLowerCase())];
    // What allows something has no value; one that has is broken.
    else if (value === null || !PERMISSIONS.has(flag)) control[flag] = true;
  }
  return control;
};
