/** A place in a config of Envoy's: values by key, and what became of them. */
import { dotted, type Path, type Positions } from '../../../../core/document/positions.js';
import type { ImportedLine, LineFate } from '../../imported.js';

/** Longer texts are cut: they stand in the file. */
const MAX_TEXT_CHARS = 120;

interface Claim {
  readonly fate: LineFate;
  readonly note: string;
}

/** The whole of a config, and what was made of each part. */
export class Reading {
  readonly root: Cursor;
  readonly #positions: Positions;
  readonly #claims = new Map<string, Claim>();

  constructor(value: unknown, positions: Positions) {
    this.#positions = positions;
    this.root = new Cursor(this, [], value);
  }

  claim(path: Path, fate: LineFate, note: string): void {
    this.#claims.set(JSON.stringify(path), { fate, note });
  }

  /** Every value with what became of it, in the order of the file; what nobody read is lost. */
  lines(): ImportedLine[] {
    const lines: ImportedLine[] = [];
    this.#collect([], this.root.value, lines);
    return lines.sort((left, right) => left.line - right.line);
  }

  #collect(path: Path, value: unknown, lines: ImportedLine[]): void {
    const key = path.at(-1);
    // The type of what is around it, and no directive of its own.
    if (key === '@type') return;
    const claim = this.#claims.get(JSON.stringify(path));
    const isOpen = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    if (claim === undefined && isOpen) {
      for (const [name, child] of Object.entries(value)) {
        this.#collect([...path, Array.isArray(value) ? Number(name) : name], child, lines);
      }
      return;
    }
    const { line } = this.#positions.ofKey(path);
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    const text = `${typeof key === 'number' ? '-' : `${key}:`} ${shown}`.replace(/\s+/g, ' ');
    const cut = text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS - 1)}…` : text;
    const { fate, note } = claim ?? this.#unread(path);
    lines.push({ line, text: cut, fate, note });
  }

  #unread(path: Path): Claim {
    if (path.at(-1) === 'name') return { fate: 'ignored', note: 'names what it stands in' };
    return { fate: 'lost', note: `the section has no words for ${dotted(path.slice(-2))}` };
  }
}

export class Cursor {
  readonly value: unknown;
  readonly #reading: Reading;
  readonly #path: Path;

  constructor(reading: Reading, path: Path, value: unknown) {
    this.#reading = reading;
    this.#path = path;
    this.value = value;
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  at(...keys: readonly (string | number)[]): Cursor {
    const value = keys.reduce<unknown>(
      (above, key) =>
        typeof above === 'object' && above !== null && Object.hasOwn(above, key)
          ? (above as Readonly<Record<string | number, unknown>>)[key]
          : undefined,
      this.value,
    );
    return new Cursor(this.#reading, [...this.#path, ...keys], value);
  }

  /** Of a list; [] where there is none. */
  get items(): Cursor[] {
    return Array.isArray(this.value) ? this.value.map((_item, index) => this.at(index)) : [];
  }

  /** Of a map; [] where there is none. */
  get keys(): string[] {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value)
      ? Object.keys(this.value)
      : [];
  }

  get text(): string | null {
    return typeof this.value === 'string' ? this.value : null;
  }

  get number(): number | null {
    const number = typeof this.value === 'string' ? Number(this.value) : this.value;
    return typeof number === 'number' && Number.isFinite(number) ? number : null;
  }

  /** Milliseconds of a protobuf duration such as `0.25s`. */
  get durationMs(): number | null {
    const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(this.text ?? '') ?? [];
    return seconds === undefined ? null : Math.round(Number(seconds) * 1_000_000) / 1_000;
  }

  /** The name of the message that it holds, without its package; '' where it says none. */
  get type(): string {
    return this.at('@type').text?.split('.').at(-1) ?? '';
  }

  understood(note: string): void {
    this.#claim('understood', note);
  }

  nearly(note: string): void {
    this.#claim('nearly', note);
  }

  ignored(note: string): void {
    this.#claim('ignored', note);
  }

  lost(note: string): void {
    this.#claim('lost', note);
  }

  #claim(fate: LineFate, note: string): void {
    if (this.isThere) this.#reading.claim(this.#path, fate, note);
  }
}

/** As the section writes it; `null` for none at all. */
export const durationText = (ms: number): string => {
  if (ms % 1_000 === 0) return `${ms / 1_000}s`;
  return ms >= 1 ? `${ms}ms` : `${Math.max(1, Math.round(ms * 1_000))}us`;
};

export const percentText = (percent: number): string => `${Number(percent.toFixed(6))}%`;
