/** Events as a page shows them: what a gateway's operator is told, and whose process began or was ended. */
import type { Event } from '../../core/events.js';
import { formatDuration } from '../../core/units.js';
import { gatewayEventText } from '../report/event-text.js';
import type { FeedEvent } from './feed.js';

/** More in a quarter of a second than anybody reads. */
export const MAX_LINES = 100;

const lineOf = (event: Event): string | null => {
  switch (event.type) {
    case 'worker.started':
      return `${event.worker} serves`;
    case 'worker.stopped':
      return `${event.worker} ended (${event.reason}), after ${formatDuration(event.drainedMs)} of draining`;
    default:
      return gatewayEventText(event);
  }
};

/** @param originMs the clock's time at which the load began. */
const toLine = (event: Event, text: string, originMs: number): FeedEvent => {
  const { atMs, type, ...fields } = event;
  return { t: secondsSince(originMs, atMs), eventType: type, text, fields };
};

export const secondsSince = (originMs: number, atMs: number): number =>
  Number(((atMs - originMs) / 1000).toFixed(3));

/** What is worth a line; the last one says how many are left out, if any are. */
export const eventLines = (events: readonly Event[], originMs: number): FeedEvent[] => {
  const lines = events.flatMap((event) => {
    const text = lineOf(event);
    return text === null ? [] : [toLine(event, text, originMs)];
  });
  const left = lines.length - MAX_LINES;
  const last = lines.at(-1);
  if (left <= 0 || last === undefined) return lines;
  const note: FeedEvent = { t: last.t, eventType: 'run.noted', text: `and ${left} more events`, fields: {} };
  return [...lines.slice(0, MAX_LINES), note];
};
