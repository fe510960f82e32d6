/**
 * Toxics: what can be wrong with a link, under Toxiproxy's names and attributes. A toxic decides what becomes of the
 * bytes of one direction of one connection, and when; it keeps no time, holds nothing and touches no socket, so that it
 * is tested with numbers. `pipe.ts` does what it says.
 *
 * What each one means is Toxiproxy's (github.com/Shopify/toxiproxy, version 2); where ours differs on purpose,
 * docs/links.md names it.
 */
import type { Random } from '../../core/random.js';

/**
 * How a direction of a connection ends. `end`: nothing more comes, the other direction goes on (FIN). `close`: both
 * directions are over. `reset`: both are, at once, and what was under way is lost (RST).
 */
export type Ending = 'end' | 'close' | 'reset';

/** What goes through a link, in order. */
export type Item = { readonly bytes: Buffer } | { readonly ending: Ending };

/** What a toxic lets go of, and when; Infinity: not while it is there. Never before what came earlier. */
export type Release = Item & { readonly atMs: number };

/** A toxic on one direction of one connection. What it says nothing about passes at once. */
export interface Flow {
  /** @param bytes that have reached it; what it does not return is lost. */
  onBytes?(bytes: Buffer, nowMs: number): readonly Release[];
  onEnding?(ending: Ending, nowMs: number): readonly Release[];
  /** When it closes the connection by itself; asked after each call. */
  readonly closesAtMs?: number;
}

/** What a toxic may know of the connection it is on. */
export interface FlowSite {
  readonly random: Random;
  readonly nowMs: number;
  /** Bytes that it has let through on this connection, before its attributes were changed. */
  readonly passedBytes: number;
}

export interface Attribute {
  /** `ms`, `us`, `KB/s` or `bytes`. */
  readonly unit: string;
  /** Default 0; all attributes are whole numbers. */
  readonly minimum?: number;
  /** Whether a timeline has to give it. Left out in the HTTP API it is 0, as in Toxiproxy. */
  readonly required?: boolean;
  readonly description: string;
}

export interface AttributeProblem {
  /** Empty: the attributes as a whole. */
  readonly key: string;
  readonly message: string;
}

interface Definition<Table extends Readonly<Record<string, Attribute>>> {
  /** What happens on the link. */
  readonly description: string;
  /** What a client gets, through a gateway that does nothing about it. */
  readonly clientSees: string;
  readonly attributes: Table;
  /** What the attributes' own ranges cannot say; `null`: nothing. */
  readonly check?: (attributes: Values<Table>) => AttributeProblem | null;
  readonly begin: (attributes: Values<Table>, site: FlowSite) => Flow;
  /** Bytes it may hold of one direction of a connection before the sender is made to wait; default `HELD_BYTES`. */
  readonly heldBytes?: number;
  /** Its removal closes the connections it was on, because bytes that were due to them are lost. */
  readonly closesWhenRemoved?: boolean;
  /** It is on both directions of every connection, and new connections are not answered (`black-hole.ts`). */
  readonly swallowsConnections?: boolean;
}

type Values<Table> = { readonly [Name in keyof Table]: number };

/** Some toxic, whatever its attributes. */
export type Toxic = Definition<Readonly<Record<string, Attribute>>>;

/**
 * As much as one read from a socket brings (64 KiB in Node): a toxic that is not about the distance holds no more, so
 * that its sender feels it. The sender is made to wait when it is reached; nothing is lost.
 */
export const HELD_BYTES = 64 * 1024;

/**
 * No attribute is larger, whatever its unit: as milliseconds it is 24 days, the longest that Node's timers keep
 * (2^31 - 1).
 */
export const MAX_ATTRIBUTE = 2 ** 31 - 1;

/** Makes the values that `begin` gets what `attributes` says. */
export const defineToxic = <const Table extends Readonly<Record<string, Attribute>>>(
  toxic: Definition<Table>,
): Toxic => toxic as unknown as Toxic;
