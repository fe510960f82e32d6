/** What the resolver's process and its parent say to each other. */
import type { NameFault } from './name-faults.js';
import type { ZoneOptions } from './zone.js';

export interface ResolverArgument extends ZoneOptions {
  readonly host: string;
  /** By name. */
  readonly addresses: Readonly<Record<string, string>>;
}

export type ToResolver =
  | { readonly type: 'addresses'; readonly addresses: Readonly<Record<string, string>> }
  /** Answered with `done` and the number. `fault` `null`: healed. */
  | {
      readonly type: 'change';
      readonly number: number;
      readonly name: string;
      readonly fault: NameFault | null;
    }
  | { readonly type: 'stop' };

export type FromResolver =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'done'; readonly number: number };
