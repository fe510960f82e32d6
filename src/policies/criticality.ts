/**
 * How much it matters that a request is answered: the four classes of the SRE book (Beyer and others, "Site Reliability
 * Engineering", 2016, chapter 21), and tiers of customers that stand for one of them. What is less critical is refused
 * first, waits longest and makes way.
 *
 * Whoever sets the header decides. Where clients are not trusted, it has to be set or taken out in front of the gateway.
 */
import type { Headers } from './service.js';

/** The most critical first; a request's criticality is the index. */
export const CRITICALITIES = ['critical-plus', 'critical', 'sheddable-plus', 'sheddable'] as const;

export type Criticality = (typeof CRITICALITIES)[number];

export interface CriticalityOptions {
  /** The header that names a class, in lower case. */
  readonly header: string;
  /** The header that names a tier, in lower case; it counts where the other says nothing. */
  readonly tierHeader: string;
  /** By tier, in lower case, its class. */
  readonly tiers: Readonly<Record<string, Criticality>>;
  /** The class of requests that name none, or none that is known. */
  readonly otherwise: Criticality;
}

/** `critical` is what the book gives to a request of which nothing is known. */
export const CRITICALITY_DEFAULTS: CriticalityOptions = {
  header: 'x-criticality',
  tierHeader: 'x-tier',
  tiers: { premium: 'critical', free: 'sheddable' },
  otherwise: 'critical',
};

/** Of a header that was sent more than once, the first. */
const firstOf = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header[0] : header)?.trim().toLowerCase();

/** As the book writes them, `CRITICAL_PLUS`, or as a config does. @returns −1 when there is no such class. */
const indexOf = (name: string): number =>
  (CRITICALITIES as readonly string[]).indexOf(name.replaceAll('_', '-'));

/** The criticality of a request, from its headers: 0 is the most critical. */
export const classify = (headers: Headers, options: CriticalityOptions = CRITICALITY_DEFAULTS): number => {
  const name = firstOf(headers[options.header]);
  const named = name === undefined ? -1 : indexOf(name);
  if (named >= 0) return named;
  const tier = firstOf(headers[options.tierHeader]);
  // A client may send `constructor` for a tier.
  const known = tier !== undefined && Object.hasOwn(options.tiers, tier);
  return indexOf(known ? options.tiers[tier]! : options.otherwise);
};
