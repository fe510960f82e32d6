/** Events of messages that never leave the process. Node's emitter costs more than all the rest of a message. */
type Listener = (...args: never[]) => void;

export class Emitter {
  #listeners: { readonly event: string; readonly listener: Listener }[] | null = null;

  on(event: string, listener: Listener): this {
    this.#listeners ??= [];
    this.#listeners.push({ event, listener });
    return this;
  }

  /** An event that matters here happens once. */
  once(event: string, listener: Listener): this {
    return this.on(event, listener);
  }

  off(event: string, listener: Listener): this {
    const left = this.#listeners?.filter((one) => one.event !== event || one.listener !== listener);
    this.#listeners = left ?? null;
    return this;
  }

  removeAllListeners(event: string): this {
    this.#listeners = this.#listeners?.filter((one) => one.event !== event) ?? null;
    return this;
  }

  emit(event: string): boolean {
    if (this.#listeners === null) return false;
    for (const one of [...this.#listeners]) if (one.event === event) (one.listener as () => void)();
    return true;
  }
}
