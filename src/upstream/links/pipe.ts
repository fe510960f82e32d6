/**
 * One direction of one connection: a chain of toxics between a source and a sink.
 *
 *     source ─▶ stage (toxic) ─▶ stage (toxic) ─▶ sink
 *         ◀──────── room again ◀──────── room again
 *
 * A stage keeps what its toxic says until its time, in order, and no more than the toxic may hold: what comes after has
 * no room for waits before it, and at the beginning of the chain the source is told to pause. So a slow sink, or a slow
 * toxic, slows the sender, as it does without a link.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Flow, Item, Release } from './toxic.js';

/** What comes after a stage: the next one, or the sink. */
export interface Next {
  /** It takes more all the same, but should not be given any. */
  readonly full: boolean;
  accept(item: Item): void;
}

/** What a stage needs to know of a toxic. */
export interface StageToxic {
  /** `null`: this connection is not one of those it meets, and everything passes. */
  readonly flow: Flow | null;
  readonly heldBytes: number;
}

class Stage implements Next {
  readonly #clock: Clock;
  readonly #onRoom: () => void;
  next: Next;
  passedBytes = 0;
  #toxic: StageToxic;
  #held: Release[] = [];
  /** Where in `#held` the first one is that has not gone on; shifting a long list is slow. */
  #head = 0;
  #heldBytes = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Nothing comes after an ending. */
  #ended = false;
  #pumping = false;
  #timer: Timer | null = null;

  constructor(clock: Clock, toxic: StageToxic, next: Next, onRoom: () => void) {
    this.#clock = clock;
    this.#toxic = toxic;
    this.next = next;
    this.#onRoom = onRoom;
  }

  get full(): boolean {
    return this.#heldBytes >= this.#toxic.heldBytes;
  }

  get affected(): boolean {
    return this.#toxic.flow !== null;
  }

  accept(item: Item): void {
    if (this.#ended) return;
    this.#hold(this.#planned(item));
    this.pump();
  }

  /** Lets go of what it holds, then does what the new toxic says. */
  change(toxic: StageToxic): void {
    this.#toxic = toxic;
    this.flush();
  }

  flush(): void {
    for (let index = this.#head; index < this.#held.length; index++) {
      this.#held[index] = { ...this.#held[index]!, atMs: Number.NEGATIVE_INFINITY };
    }
    this.#lastMs = Number.NEGATIVE_INFINITY;
    this.pump();
  }

  /** Takes itself out: what it holds goes on whether there is room or not. */
  leave(): void {
    this.stop();
    for (const item of this.#held.slice(this.#head)) this.next.accept(item);
    this.#held = [];
    this.#head = 0;
    this.#heldBytes = 0;
    this.#ended = true;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Passes on what is due, as long as there is room for it. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const nowMs = this.#clock.nowMs();
    if ((this.#toxic.flow?.closesAtMs ?? Number.POSITIVE_INFINITY) <= nowMs && !this.#ended) {
      this.#hold([{ ending: 'close', atMs: nowMs }]);
    }
    for (;;) {
      const first = this.#held[this.#head];
      if (first === undefined || first.atMs > nowMs) break;
      // An ending takes no room, and a reset must not wait for a reader.
      if ('bytes' in first && this.next.full) break;
      this.#take(first);
      this.next.accept(first);
    }
    this.#pumping = false;
    this.#arm(nowMs);
    if (!this.full) this.#onRoom();
  }

  #planned(item: Item): readonly Release[] {
    const nowMs = this.#clock.nowMs();
    const { flow } = this.#toxic;
    const planned =
      'bytes' in item ? flow?.onBytes?.(item.bytes, nowMs) : flow?.onEnding?.(item.ending, nowMs);
    return planned ?? [{ ...item, atMs: nowMs }];
  }

  #hold(releases: readonly Release[]): void {
    for (const release of releases) {
      this.#lastMs = Math.max(this.#lastMs, release.atMs);
      this.#held.push({ ...release, atMs: this.#lastMs });
      if ('bytes' in release) this.#heldBytes += release.bytes.length;
      else {
        this.#ended = true;
        return;
      }
    }
  }

  #take(first: Item): void {
    this.#head++;
    if (this.#head === this.#held.length) {
      this.#held = [];
      this.#head = 0;
    }
    if (!('bytes' in first)) return;
    this.#heldBytes -= first.bytes.length;
    this.passedBytes += first.bytes.length;
  }

  /** Wakes up for the first one that is not due yet; one that waits for room is woken by the room. */
  #arm(nowMs: number): void {
    this.stop();
    const first = this.#held[this.#head];
    const dueMs = first !== undefined && first.atMs > nowMs ? first.atMs : Number.POSITIVE_INFINITY;
    const closesMs = this.#ended ? Number.POSITIVE_INFINITY : (this.#toxic.flow?.closesAtMs ?? dueMs);
    const atMs = Math.min(dueMs, closesMs);
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.after(atMs - nowMs, () => this.pump());
  }
}

export interface PipeOptions {
  readonly clock: Clock;
  readonly sink: Next;
  /** Called when there is no room for more, and when there is again. */
  readonly source: { pause(): void; resume(): void };
}

export class Pipe {
  readonly #options: PipeOptions;
  readonly #stages: { readonly name: string; readonly stage: Stage }[] = [];
  #paused = false;
  #ended = false;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  push(item: Item): void {
    if (this.#ended) return;
    if ('ending' in item) this.#ended = true;
    this.#first.accept(item);
    if (!this.#first.full || this.#paused || this.#ended) return;
    this.#paused = true;
    this.#options.source.pause();
  }

  /** The sink has room again. */
  drained(): void {
    const last = this.#stages.at(-1);
    if (last === undefined) this.#resume();
    else last.stage.pump();
  }

  /** Puts a toxic at the end of the chain. @param toxic made when it is known what it begins with. */
  add(name: string, toxic: StageToxic): void {
    const index = this.#stages.length;
    const stage = new Stage(this.#options.clock, toxic, this.#options.sink, () => this.#roomAt(name));
    const before = this.#stages[index - 1];
    if (before !== undefined) before.stage.next = stage;
    this.#stages.push({ name, stage });
    // It may have a time of its own.
    stage.pump();
  }

  /** @param toxicOf told how many bytes it has let through so far. */
  change(name: string, toxicOf: (passedBytes: number) => StageToxic): void {
    const stage = this.#stages.find((one) => one.name === name)?.stage;
    stage?.change(toxicOf(stage.passedBytes));
  }

  /** @param closing whether the connection is closed with it, if it was one of those it met. */
  remove(name: string, closing: boolean): void {
    const index = this.#stages.findIndex((one) => one.name === name);
    if (index === -1) return;
    const { stage } = this.#stages[index]!;
    if (closing && stage.affected) stage.accept({ ending: 'close' });
    const before = this.#stages[index - 1];
    if (before !== undefined) before.stage.next = stage.next;
    this.#stages.splice(index, 1);
    stage.leave();
    if (before === undefined) this.#resume();
    else before.stage.pump();
  }

  stop(): void {
    for (const { stage } of this.#stages) stage.stop();
  }

  get #first(): Next {
    return this.#stages[0]?.stage ?? this.#options.sink;
  }

  #roomAt(name: string): void {
    const index = this.#stages.findIndex((one) => one.name === name);
    if (index === 0) this.#resume();
    else this.#stages[index - 1]?.stage.pump();
  }

  #resume(): void {
    if (!this.#paused || this.#first.full) return;
    this.#paused = false;
    this.#options.source.resume();
  }
}
