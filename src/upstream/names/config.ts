/** The `names:` section of a scenario as it is written, and the same with its defaults filled in. */
import { Duration, Optional, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMsOr } from '../../core/units.js';

export const StubNamesSchema = Section(
  {
    ttl: Optional(Duration('For how long an answer may be kept, in whole seconds; default 5s.')),
    zone: Optional(
      Type.String({
        pattern: String.raw`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`,
        maxLength: 200,
        description: 'Where the names are: worker-1 is worker-1.ZONE; default fleet.test.',
      }),
    ),
  },
  'Workers have names, and the gateway asks a resolver for their addresses.',
);

export type StubNamesSection = Static<typeof StubNamesSchema>;

export interface StubNamesConfig {
  readonly ttlSeconds: number;
  readonly zone: string;
}

/** RFC 2181 section 8: 31 bits. */
const MAX_TTL_MS = (2 ** 31 - 1) * 1000;

/** A TTL that DNS cannot say, in words; `null`: none. */
export const findTtlProblem = ({ ttl }: StubNamesSection): string | null => {
  const ttlMs = parseDurationMsOr(ttl, 0);
  if (ttlMs % 1000 !== 0) return `is ${ttl}; DNS counts a TTL in whole seconds, such as 1s or 5s`;
  return ttlMs > MAX_TTL_MS ? `is ${ttl}, which is longer than a TTL can be` : null;
};

/**
 * Fills in the defaults: 5 s keeps the order of things visible in a run of half a minute (real ones are 30 s to 5 min),
 * and `test` is a top-level domain that is nobody's (RFC 6761).
 */
export const resolveStubNames = ({ ttl, zone = 'fleet.test' }: StubNamesSection): StubNamesConfig => ({
  ttlSeconds: parseDurationMsOr(ttl, 5_000) / 1000,
  zone,
});
