/**
 * What outlives a change of the config: a circuit that is open, requests in flight, a cache that is warm. A part is kept
 * from one version to the next for as long as its options stay the same; two versions side by side share it then.
 */

interface Kept {
  readonly options: string;
  readonly part: unknown;
  readonly close: () => void;
  holders: number;
}

export class KeptState {
  /** By name; more than one where versions differ. */
  readonly #parts = new Map<string, Kept[]>();

  /**
   * @param close called when no version holds it any more.
   * @returns the part, and how to give it back.
   */
  hold<Part>(
    name: string,
    options: unknown,
    make: () => { readonly part: Part; readonly close?: () => void },
  ): { readonly part: Part; readonly release: () => void } {
    const written = JSON.stringify(options);
    const sameName = this.#parts.get(name) ?? [];
    this.#parts.set(name, sameName);
    let kept = sameName.find((one) => one.options === written);
    if (kept === undefined) {
      const { part, close = () => {} } = make();
      kept = { options: written, part, close, holders: 0 };
      sameName.push(kept);
    }
    kept.holders++;
    const held = kept;
    return {
      part: held.part as Part,
      release: () => {
        if (--held.holders > 0) return;
        sameName.splice(sameName.indexOf(held), 1);
        if (sameName.length === 0) this.#parts.delete(name);
        held.close();
      },
    };
  }

  /** Ends every part, whoever still holds it. */
  close(): void {
    for (const kept of this.#parts.values()) for (const { close } of kept) close();
    this.#parts.clear();
  }
}
