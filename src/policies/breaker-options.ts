/** The options of a breaker as they are written, wherever one stands, and their defaults. */
import { Count, Duration, Optional, Percent, Section, type Static } from '../core/schema.js';
import { parseDurationMsOr, parseRatio } from '../core/units.js';
import type { BreakerOptions } from './breaker.js';

/** @param description whose breaker it is. */
export const breakerSchema = (description: string) =>
  Section(
    {
      errorThreshold: Optional(Percent('The circuit opens above this share of failures; default 50%.')),
      minRequests: Optional(Count(1, 'With fewer outcomes in the window it stays closed; default 20.')),
      window: Optional(Duration('Outcomes older than this do not count; default 10s.')),
      openFor: Optional(Duration('How long it stays open before one trial; default 30s.')),
    },
    description,
  );

/** opossum's defaults, but for the volume threshold: its 0 lets the first failure of all open the circuit. */
export const resolveBreaker = (section: Static<ReturnType<typeof breakerSchema>>): BreakerOptions => ({
  errorRatio: parseRatio(section.errorThreshold ?? '50%'),
  minRequests: section.minRequests ?? 20,
  windowMs: parseDurationMsOr(section.window, 10_000),
  openMs: parseDurationMsOr(section.openFor, 30_000),
});
