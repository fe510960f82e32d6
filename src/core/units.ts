/**
 * Quantities with their units, as people write them in scenario files and thresholds: `300ms`, `1m30s`, `64MiB`,
 * `200/s`, `95%`. A number without a unit is refused with a hint, because the reader cannot know what it counts.
 */

/** A text that is no quantity of the kind asked for. The message says what was expected and how to mend it. */
export class UnitError extends Error {
  override readonly name = 'UnitError';
}

const DURATION_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

const RATE_PERIOD_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

const NUMBER = String.raw`\d+(?:\.\d+)?`;

/** JSON Schema patterns, so that an editor says the same as the parser. */
export const PATTERNS = {
  duration: `^(?:${NUMBER}(?:us|ms|s|m|h))+$`,
  size: `^${NUMBER}(?:B|KB|MB|GB|KiB|MiB|GiB)$`,
  rate: `^${NUMBER}/(?:s|m|h)$`,
  percent: `^${NUMBER}%$`,
} as const;

export type Unit = keyof typeof PATTERNS;

const describe = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : String(value));

const EXPECTED: Readonly<Record<Unit, string>> = {
  duration: 'a duration such as 300ms, 2s or 1m30s',
  size: 'a size such as 512KiB or 64MiB',
  rate: 'a rate such as 200/s',
  percent: 'a share such as 95%',
};

const BARE_NUMBER_HINT: Readonly<Record<Unit, (text: string) => string>> = {
  duration: (text) => `write ${text}ms or ${text}s`,
  size: (text) => `write ${text}MiB or ${text}KiB`,
  rate: (text) => `write ${text}/s`,
  percent: (text) => `write ${Number(text) <= 1 ? Number((Number(text) * 100).toPrecision(12)) : text}%`,
};

/** What is wrong with `value` as a quantity of that unit, in words for the person who wrote it. */
export const explainUnit = (unit: Unit, value: unknown): string => {
  const text = String(value);
  const hint = new RegExp(`^${NUMBER}$`).test(text)
    ? `; a number alone has no unit: ${BARE_NUMBER_HINT[unit](text)}`
    : '';
  return `expected ${EXPECTED[unit]}, got ${describe(value)}${hint}`;
};

const match = (unit: Unit, text: string): void => {
  if (!new RegExp(PATTERNS[unit]).test(text)) throw new UnitError(explainUnit(unit, text));
};

/** `1m30s` → 90,000. @throws UnitError */
export const parseDurationMs = (text: string): number => {
  match('duration', text);
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)) {
    totalMs += Number(amount) * DURATION_MS[unit!]!;
  }
  return totalMs;
};

/** The same for a text that may be left out. */
const orElse =
  (parse: (text: string) => number) =>
  <Otherwise>(text: string | undefined, otherwise: Otherwise): number | Otherwise =>
    text === undefined ? otherwise : parse(text);

/** A duration that may be left out. @throws UnitError */
export const parseDurationMsOr = orElse(parseDurationMs);

/** `64MiB` → 67,108,864. @throws UnitError */
export const parseSizeBytes = (text: string): number => {
  match('size', text);
  const [, amount, unit] = /^([\d.]+)(\w+)$/.exec(text)!;
  return Math.round(Number(amount) * SIZE_BYTES[unit!]!);
};

/** A size that may be left out. @throws UnitError */
export const parseSizeBytesOr = orElse(parseSizeBytes);

/** `200/s` → 200 per second. @throws UnitError */
export const parseRateRps = (text: string): number => {
  match('rate', text);
  const [, amount, period] = /^([\d.]+)\/(\w)$/.exec(text)!;
  return Number(amount) / RATE_PERIOD_S[period!]!;
};

/** A rate that may be left out. @throws UnitError */
export const parseRateRpsOr = orElse(parseRateRps);

/** `95%` → 0.95. @throws UnitError */
export const parseRatio = (text: string): number => {
  match('percent', text);
  return Number(text.slice(0, -1)) / 100;
};

/** A share that may be left out. @throws UnitError */
export const parseRatioOr = orElse(parseRatio);

const trim = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

/** 1,500 → `1.5s`; made for people, so it rounds, and carries what rounding makes of 999.7 ms or of 59.99 s. */
export const formatDuration = (ms: number): string => {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms > 0 && ms < 0.1) return `${trim(ms * 1000, 1)}us`;
  if (ms < 1) return `${trim(ms, 2)}ms`;
  const wholeMs = ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms);
  if (wholeMs < 1000) return `${wholeMs}ms`;
  const seconds = Number((ms / 1000).toFixed(ms < 10_000 ? 2 : 1));
  if (seconds < 60) return `${seconds}s`;
  const wholeSeconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(wholeSeconds / 3600), 'h'],
    [Math.floor(wholeSeconds / 60) % 60, 'm'],
    [wholeSeconds % 60, 's'],
  ] as const;
  return parts.map(([value, unit]) => (value === 0 ? '' : `${value}${unit}`)).join('');
};

/** 1,500 → ` for 1.5s`, to be put behind what lasts so long; nothing for `null`, what lasts until something ends it. */
export const formatFor = (ms: number | null): string => (ms === null ? '' : ` for ${formatDuration(ms)}`);

/** 204,800 → `200KiB`: in the largest unit that leaves at least one. */
export const formatSize = (bytes: number): string => {
  const unit = (['GiB', 'MiB', 'KiB'] as const).find((name) => bytes >= SIZE_BYTES[name]!) ?? 'B';
  return `${trim(bytes / SIZE_BYTES[unit]!, 1)}${unit}`;
};

export const formatMebibytes = (bytes: number): string => `${trim(bytes / 1024 ** 2, 1)}MiB`;

/** 0.9949 → `99.49%`; never rounds a ratio below 1 up to 100 %, nor one above 0 down to 0 %. */
export const formatRatio = (ratio: number): string => {
  const percent = ratio * 100;
  const digits = percent > 99 || (percent > 0 && percent < 1) ? 2 : 1;
  const shown = Number(percent.toFixed(digits));
  if (shown >= 100 && ratio < 1) return '>99.99%';
  if (shown === 0 && ratio > 0) return '<0.01%';
  return `${shown.toFixed(shown % 1 === 0 ? 0 : digits)}%`;
};
