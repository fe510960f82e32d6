/** nginx's times and sizes, and the section's. */

const TIME_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
};

/** The longest that the section takes. */
const LONGEST_MS = 576 * 3_600_000;

/** `1m30s`, or seconds without a unit. @returns `null` for what is no time. */
export const readTimeMs = (text: string): number | null => {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(?:\d+(?:ms|[smhdwMy])\s*)+$/.test(text)) return null;
  return [...text.matchAll(/(\d+)(ms|[smhdwMy])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * TIME_MS[unit!]!,
    0,
  );
};

/** As the section writes it; one of 0 would mean always at once. */
export const durationText = (ms: number): string => {
  const bounded = Math.min(LONGEST_MS, Math.max(1, ms));
  return bounded % 1000 === 0 ? `${bounded / 1000}s` : `${bounded}ms`;
};

const SIZE_BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `8k`. @returns `null` for what is no size. */
export const readSizeBytes = (text: string): number | null => {
  const [, amount, unit] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  return amount === undefined ? null : Number(amount) * SIZE_BYTES[unit!.toLowerCase()]!;
};

export const sizeText = (bytes: number): string => {
  if (bytes > 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}MiB`;
  return bytes > 0 && bytes % 1024 === 0 ? `${bytes / 1024}KiB` : `${bytes}B`;
};

/** `10r/s`, `30r/m`. @returns as the section writes it; `null` for what is no rate, or one that lets nobody in. */
export const rateText = (text: string): string | null => {
  const [, amount, per] = /^(\d+)r\/([sm])$/.exec(text) ?? [];
  return amount === undefined || Number(amount) === 0 ? null : `${amount}/${per}`;
};

/** A whole number, or what stands in the place of one that is none. */
export const readCount = <Otherwise>(text: string | undefined, otherwise: Otherwise): number | Otherwise =>
  /^\d{1,15}$/.test(text ?? '') ? Number(text) : otherwise;
