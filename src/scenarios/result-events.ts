/** Reads the events of a result. What an event holds beyond `t` and `type` depends on the type. */
import type { EventMap, EventType } from '../core/events.js';
import type { VariantResult } from './result.js';

export type ResultEvent = VariantResult['events'][number];

/** The fields of an event whose type the caller has looked at. */
export const fieldsOf = <Type extends EventType>(event: ResultEvent, _type: Type): EventMap[Type] =>
  event as unknown as EventMap[Type];

export interface TypedEvent<Type extends EventType> {
  readonly t: number;
  readonly fields: EventMap[Type];
}

/** The events of one type, in order. */
export const ofType = <Type extends EventType>(
  { events }: Pick<VariantResult, 'events'>,
  type: Type,
): TypedEvent<Type>[] =>
  events
    .filter((event) => event.type === type)
    .map((event) => ({ t: event.t, fields: fieldsOf(event, type) }));
