/**
 * Who reads a config, which version each of them runs and since when. What was sent is not what is running: a reader may
 * be slow to take a version over, may have refused it, or may be gone. Whoever waits for a rollout, or wonders why one
 * process behaves unlike the others, looks here.
 */

/**
 * `current` runs the version it is meant to have; `behind` reports, and runs another one; `silent` has not been heard of
 * for a while, so what it runs is not known any more.
 */
export type ReaderCondition = 'current' | 'behind' | 'silent';

export interface ReaderState {
  readonly reader: string;
  readonly condition: ReaderCondition;
  /** The version it is meant to have. */
  readonly meant: number;
  /** The version it last said it runs; `null` when it never said so. */
  readonly running: number | null;
  /** Since when it runs that one, or since when it is known. */
  readonly sinceMs: number;
  /** `null`: never heard of. */
  readonly lastSeenMs: number | null;
  /** How long it has not run the version it is meant to have, as far as it is known. */
  readonly behindMs: number;
}

export interface ReaderRegisterOptions {
  /** A reader not heard of for so long counts as silent; default 5 s, as of some reports that are due every second. */
  readonly silentAfterMs?: number;
  /** Readers known at once; default 1,000. The one not heard of for longest makes way. */
  readonly maxReaders?: number;
}

const DEFAULT_SILENT_AFTER_MS = 5_000;
const DEFAULT_MAX_READERS = 1_000;

interface Reader {
  readonly knownMs: number;
  meant: number;
  /** When it was first meant to have it. */
  meantMs: number;
  running: number | null;
  sinceMs: number;
  lastSeenMs: number | null;
}

export class ReaderRegister {
  readonly #silentAfterMs: number;
  readonly #maxReaders: number;
  /** In the order in which they were last heard of, the quietest first. */
  readonly #readers = new Map<string, Reader>();

  constructor({
    silentAfterMs = DEFAULT_SILENT_AFTER_MS,
    maxReaders = DEFAULT_MAX_READERS,
  }: ReaderRegisterOptions = {}) {
    this.#silentAfterMs = silentAfterMs;
    this.#maxReaders = maxReaders;
  }

  /** From now on the reader is meant to have this version. Makes it known if it was not. */
  expect(reader: string, version: number, nowMs: number): void {
    const known = this.#readers.get(reader);
    if (known === undefined) {
      this.#add(reader, newReader(version, nowMs));
    } else if (known.meant !== version) {
      known.meant = version;
      known.meantMs = nowMs;
    }
  }

  /** The reader says which version it runs. One that nobody knew is meant to have what it runs. */
  saw(reader: string, running: number, nowMs: number): void {
    const known = this.#readers.get(reader) ?? newReader(running, nowMs);
    if (known.running !== running) {
      known.running = running;
      known.sinceMs = nowMs;
    }
    known.lastSeenMs = nowMs;
    this.#readers.delete(reader);
    this.#add(reader, known);
  }

  /** All readers, by name. */
  list(nowMs: number): readonly ReaderState[] {
    return [...this.#readers]
      .map(([reader, record]) => this.#stateOf(reader, record, nowMs))
      .sort((a, b) => a.reader.localeCompare(b.reader, 'en', { numeric: true }));
  }

  #stateOf(reader: string, record: Reader, nowMs: number): ReaderState {
    const { knownMs, meant, meantMs, running, sinceMs, lastSeenMs } = record;
    const silent = nowMs - (lastSeenMs ?? knownMs) > this.#silentAfterMs;
    const behind = running !== meant;
    return {
      reader,
      condition: silent ? 'silent' : behind ? 'behind' : 'current',
      meant,
      running,
      sinceMs,
      lastSeenMs,
      behindMs: behind ? nowMs - Math.max(meantMs, running === null ? 0 : sinceMs) : 0,
    };
  }

  #add(reader: string, record: Reader): void {
    this.#readers.set(reader, record);
    if (this.#readers.size <= this.#maxReaders) return;
    const [quietest] = this.#readers.keys();
    this.#readers.delete(quietest!);
  }
}

const newReader = (meant: number, nowMs: number): Reader => ({
  knownMs: nowMs,
  meant,
  meantMs: nowMs,
  running: null,
  sinceMs: nowMs,
  lastSeenMs: null,
});
