/** What the process of the links and whoever started it say to each other. */
import type { Attributes } from './attributes.js';
import type { Stream } from './connection.js';
import type { LinkReport } from './link-collection.js';
import type { ToxicType } from './toxics/toxics.js';

export interface LinksArgument {
  readonly host: string;
  /** Of the HTTP API; 0: any free one. */
  readonly apiPort: number;
  readonly seed: number;
}

/** A toxic as the timeline wants it; `down`: the link refuses connections. */
export interface ToxicOrder {
  readonly type: ToxicType | 'down';
  readonly stream: Stream;
  readonly toxicity: number;
  readonly attributes: Attributes;
  /** `null`: until it is removed. */
  readonly forMs: number | null;
}

/** Which toxics the timeline takes away; `null`: of any type, of both streams. */
export interface RemovalOrder {
  readonly type: ToxicType | 'down' | null;
  readonly stream: Stream | null;
}

export type ToLinks =
  | {
      readonly type: 'link';
      readonly link: string;
      /** Of the upstream. */
      readonly host: string;
      readonly port: number;
      /** 0: any free one. */
      readonly listenPort: number;
    }
  | { readonly type: 'upstream'; readonly link: string; readonly up: boolean }
  /** @property id by which it is taken back when its time is over. */
  | { readonly type: 'add'; readonly id: number; readonly link: string; readonly order: ToxicOrder }
  | { readonly type: 'time-over'; readonly id: number; readonly link: string }
  | { readonly type: 'remove'; readonly link: string; readonly order: RemovalOrder }
  | { readonly type: 'stop' };

export type FromLinks =
  | { readonly type: 'ready'; readonly apiPort: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'linked'; readonly link: string; readonly host: string; readonly port: number }
  /** Something that was asked for could not be done. */
  | { readonly type: 'refused'; readonly link: string; readonly message: string }
  | { readonly type: 'report'; readonly report: LinkReport };
