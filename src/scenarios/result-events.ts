/** Reads the events of a result. What an event holds beyond `t` and `type` depends on the type. */
import type { EventMap, EventType } from '../core/event-map.js';
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

/** The types of event that are about a version of a config for somebody, who is in `to`. */
type OfVersion = {
  [Type in EventType]: EventMap[Type] extends { readonly version: number; readonly to: string }
    ? Type
    : never;
}[EventType];

/**
 * The same of config for the workers alone. The gateway's versions are counted from 1 as theirs are: a number by itself
 * does not tell whose it is.
 */
export const ofWorkerConfig = <Type extends OfVersion>(
  variant: Pick<VariantResult, 'events'>,
  type: Type,
): TypedEvent<Type>[] =>
  ofType(variant, type).filter(({ fields }) => (fields as { readonly to: string }).to === 'workers');

/** The workers that were given one of these versions. */
export const workersGiven = (
  variant: Pick<VariantResult, 'events'>,
  versions: ReadonlySet<number>,
): ReadonlySet<string> =>
  new Set(
    ofType(variant, 'config.assigned')
      .filter(({ fields }) => versions.has(fields.version))
      .map(({ fields }) => fields.reader),
  );
