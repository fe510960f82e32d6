/**
 * Where a link listens, and what it makes of whoever connects: sockets (`socket-port.ts`), or models of them in virtual
 * time. What a link does with its connections, its toxics and its times is the same (`link.ts`).
 */
import type { Clock } from '../../core/clock.js';
import type { Address } from './address.js';
import type { Stream } from './connection.js';
import type { Pipe } from './pipe.js';

/** A connection through a link. */
export interface LinkConnection {
  pipe(stream: Stream): Pipe;
  /** Ends it at once, whatever is under way. */
  destroy(): void;
}

/** Makes a connection of one that was accepted. @param onClosed called when both sides are gone. */
export type MakeConnection = (upstream: Address, onClosed: () => void) => LinkConnection;

/** `closed`: connections are refused; `black-hole`: they are not answered. */
export type PortState = 'closed' | 'open' | 'black-hole';

export interface LinkPort {
  /** With its port, once it has listened. */
  readonly address: Address;
  /** @throws when the port is not to be had so; then it is closed. */
  become(state: PortState): Promise<void>;
}

export interface LinkPortParts {
  readonly listen: Address;
  readonly clock: Clock;
  /** Called with every connection. */
  readonly onAccept: (make: MakeConnection) => void;
}

/** Closed at first. */
export type OpenPort = (parts: LinkPortParts) => LinkPort;
