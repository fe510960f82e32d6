/** The moment that a reader looks at: one for all charts that stand together. */
import { useEffect, useState } from 'preact/hooks';

export class TimeCursor {
  #atS: number | null = null;
  #frame = 0;
  readonly #listeners = new Set<() => void>();

  /** `null`: nobody looks at any. */
  get atS(): number | null {
    return this.#atS;
  }

  /** Those who listen are told with the next frame, however often it moves before. */
  set(atS: number | null): void {
    if (atS === this.#atS) return;
    this.#atS = atS;
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener();
    });
  }

  /** @returns what ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The moment, for a component that shows something of it. */
export const useMoment = (cursor: TimeCursor): number | null => {
  const [atS, setAtS] = useState(cursor.atS);
  useEffect(() => {
    setAtS(cursor.atS);
    return cursor.listen(() => setAtS(cursor.atS));
  }, [cursor]);
  return atS;
};

export interface TimeSliderProps {
  readonly cursor: TimeCursor;
  readonly fromS: number;
  readonly toS: number;
  /** Width of a bucket: what one press of an arrow key goes on by. */
  readonly stepS: number;
}

/** Moves the cursor of all charts by keyboard: arrows a bucket, page keys a tenth, home and end. */
export const TimeSlider = ({ cursor, fromS, toS, stepS }: TimeSliderProps) => {
  const atS = useMoment(cursor);
  const text = atS === null ? 'no moment chosen' : `${atS.toFixed(2)} s`;
  return (
    <div class="slider">
      <label>
        <span>Moment</span>
        <input
          type="range"
          min={fromS}
          max={toS}
          step={stepS}
          value={atS ?? fromS}
          aria-valuetext={text}
          onInput={(event) => cursor.set(Number(event.currentTarget.value))}
        />
      </label>
      <output>{text}</output>
    </div>
  );
};
