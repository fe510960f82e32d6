/** Events of messages that never leave the process. Node's emitter costs more than all the rest of a message. */
type Listener = (...args: never[]) => void;

/** Listeners stand in a row: most messages have one or two, and an array for so few is mostly room. */
class Entry {
  readonly event: string;
  readonly listener: Listener;
  next: Entry | null = null;

  constructor(event: string, listener: Listener) {
    this.event = event;
    this.listener = listener;
  }
}

export class Emitter {
  #first: Entry | null = null;
  #last: Entry | null = null;

  on(event: string, listener: Listener): this {
    const entry = new Entry(event, listener);
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    return this;
  }

  /** An event that matters here happens once. */
  once(event: string, listener: Listener): this {
    return this.on(event, listener);
  }

  off(event: string, listener: Listener): this {
    this.#keep((one) => one.event !== event || one.listener !== listener);
    return this;
  }

  removeAllListeners(event: string): this {
    this.#keep((one) => one.event !== event);
    return this;
  }

  /** As Node's: who is added or removed meanwhile makes no difference to it. */
  emit(event: string): boolean {
    const last = this.#last;
    for (let one = this.#first; one !== null; one = one === last ? null : one.next) {
      if (one.event === event) (one.listener as () => void)();
    }
    return last !== null;
  }

  /** In a row of its own: the old one may be gone through just now. */
  #keep(isKept: (one: Entry) => boolean): void {
    let one = this.#first;
    this.#first = null;
    this.#last = null;
    for (; one !== null; one = one.next) if (isKept(one)) this.on(one.event, one.listener);
  }
}
