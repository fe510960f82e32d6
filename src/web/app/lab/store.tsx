/**
 * Holds the state of a live page. Messages change it at once; whoever shows it is told at most once for each frame that
 * the browser paints, and only what has changed is drawn anew.
 */
import { useEffect, useState } from 'preact/hooks';
import { wallClock } from '../../../core/clock.js';
import type { FeedMessage } from '../../../scenarios/live/feed.js';
import { INITIAL, type LabState, reduce } from './state.js';

export class LabStore {
  #state: LabState = INITIAL;
  #frame = 0;
  readonly #listeners = new Set<() => void>();

  get state(): LabState {
    return this.#state;
  }

  take(message: FeedMessage): void {
    const next = reduce(this.#state, message);
    if (next === this.#state) return;
    this.#state = next;
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** @returns what ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Part of the state; the component is drawn again when that part is another. @param pick has to be a pure function. */
export const useLab = <Part,>(store: LabStore, pick: (state: LabState) => Part): Part => {
  const [part, setPart] = useState(() => pick(store.state));
  useEffect(() => {
    const look = (): void => setPart(() => pick(store.state));
    look();
    return store.listen(look);
  }, [store]);
  return part;
};

/** The whole state, for what is dear to draw: another run at once, and else at most every so often. */
export const useLabSlowly = (store: LabStore, everyMs: number): LabState => {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    let shown = store.state;
    let shownMs = wallClock.nowMs();
    setState(shown);
    return store.listen(() => {
      const { state: next } = store;
      const nowMs = wallClock.nowMs();
      if (next.begin === shown.begin && nowMs - shownMs < everyMs) return;
      shown = next;
      shownMs = nowMs;
      setState(next);
    });
  }, [store, everyMs]);
  return state;
};
