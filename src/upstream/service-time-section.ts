/**
 * Times that spread, as a file writes them: a worker's service time, a database's query time, a user's thinking. Apart from
 * `service-time.ts`, which runs in workers, where no schema is loaded.
 */
import { Duration, OneOf, Optional, Section, type Static } from '../core/schema.js';
import { parseDurationMs } from '../core/units.js';
import { SERVICE_TIMES, type ServiceTime, type ServiceTimeName } from './service-time.js';

/** @param what the section is about. @param mean what its mean is. */
export const serviceTimeSchema = (what: string, mean: string) =>
  Section(
    {
      distribution: Optional(
        OneOf(Object.keys(SERVICE_TIMES) as ServiceTimeName[], 'How times spread; default exponential.'),
      ),
      mean: Duration(mean),
    },
    what,
  );

export type ServiceTimeSection = Static<ReturnType<typeof serviceTimeSchema>>;

/** @param otherwise where the section is left out. */
export const resolveServiceTime = (
  section: ServiceTimeSection | undefined,
  otherwise: ServiceTime,
): ServiceTime =>
  section === undefined
    ? otherwise
    : { distribution: section.distribution ?? 'exponential', meanMs: parseDurationMs(section.mean) };
