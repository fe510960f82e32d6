/** What happened, in order of time. */
import type { TimeCursor } from './cursor.js';

export interface Told {
  /** Seconds from the start of the load. */
  readonly t: number;
  readonly text: string;
}

export interface EventListProps {
  readonly events: readonly Told[];
  /** Digits behind the point of a second. */
  readonly digits?: number;
  /** Where there is one, a moment can be chosen: the charts show it. */
  readonly cursor?: TimeCursor;
}

export const EventList = ({ events, digits = 1, cursor }: EventListProps) => (
  <ol class="events">
    {events.map(({ t, text }, index) => (
      <li key={index} onPointerEnter={cursor === undefined ? undefined : () => cursor.set(t)}>
        <time>{t.toFixed(digits)}s</time>
        <span>{text}</span>
      </li>
    ))}
  </ol>
);
