/**
 * What the control API of the lab says to its page, under the address that stands in the page as `api` (`/api/`): the
 * other half of the contract of which `feed.ts` is the first. Bodies and answers are JSON; what is refused is answered
 * as RFC 9457 has it, with what is wrong in `detail`.
 *
 * Orders are an entry of a timeline without `at` (`POST timeline`), but for these:
 *
 *     PUT    load              { rate } or { scale }                  what is offered from now on
 *     POST   workers/ID/kill                                          SIGKILL
 *     POST   workers/ID/restart                                       drained, ended, and started anew
 *     GET    gateway/config                                           GatewayConfigAnswer
 *     PUT    gateway/config    { config, by, strategy… }              the whole section
 *     PUT    gateway/config/lock   { by, reason }                     DELETE: it is open again
 *     POST   run               RunOrder                               a bundled scenario in the lab's place
 *     POST   lab                                                      back to the lab
 *     POST   stop                                                     what runs is ended, and measured so far
 *     GET    scenarios · catalog · load · actions
 */
import type { Engine } from '../engines.js';

/** JSON Schema as far as a form is made of it. */
export interface FormSchema {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: FormSchema;
  readonly properties?: Readonly<Record<string, FormSchema>>;
  readonly required?: readonly string[];
  /** Whether it may have keys that are not named; left out: nobody says. */
  readonly additionalProperties?: boolean;
  readonly anyOf?: readonly FormSchema[];
  /** Name of the unit of a quantity: `duration`, `size`, `rate`, `percent`. */
  readonly 'x-unit'?: string;
}

export interface CatalogParameter {
  readonly name: string;
  readonly schema: FormSchema;
  /** As it would be written; `null`: there is none. */
  readonly default: unknown;
}

/** Something that can be wrong, and all that it can be given. */
export interface CatalogFault {
  readonly name: string;
  readonly description: string;
  /** Empty: nothing is said. */
  readonly clientSees: string;
  readonly standsFor: string;
  /** `bounded`: it needs `for`; `moment`: it takes none. */
  readonly lasts: 'moment' | 'span' | 'bounded';
  readonly parameters: readonly CatalogParameter[];
  /** What an entry without `on` says that ends it before its time; `null`: nothing does. */
  readonly heal: Readonly<Record<string, unknown>> | null;
  /** Key of the entry under which its parameters go; left out: beside the others. */
  readonly below?: 'attributes';
  /** Of dependencies that know it; left out: it is none of theirs. */
  readonly kinds?: readonly string[];
}

/** Actions that take the name of a fault. */
export type FaultAction = 'inject' | 'dns' | 'toxic' | 'disturb' | 'disrupt' | 'certificate';

export interface Catalog {
  /** By the action that brings them. */
  readonly faults: Readonly<Record<FaultAction, readonly CatalogFault[]>>;
  /** The gateway's section, whole: its keys are the policies. */
  readonly gateway: FormSchema;
  /** How a push goes out. */
  readonly strategies: { readonly workers: readonly string[]; readonly gateway: readonly string[] };
}

/** Something that an entry of a timeline can do to what runs now. */
export interface ActionForm {
  /** Its key. */
  readonly name: string;
  readonly about: string;
  /** Of its value. */
  readonly value: FormSchema;
  /** Whom it can be done to, as `on` names them; `null`: it takes no `on`. */
  readonly on: readonly string[] | null;
  readonly onIsOptional: boolean;
  /** Further keys of the entry, without those of single faults. */
  readonly keys: readonly CatalogParameter[];
  /** Why it cannot be done to what runs now; `null`: it can. */
  readonly impossible: string | null;
}

export interface ScenarioAnswer {
  readonly name: string;
  readonly title: string;
  readonly reproduces: readonly string[];
  readonly variants: readonly string[];
  /** How long all variants take in real time, about. */
  readonly realTimeMs: number;
  readonly engines: readonly Engine[];
}

export interface LoadAnswer {
  readonly rateRps: number;
}

export interface GatewayConfigAnswer {
  readonly version: number;
  readonly locked: boolean;
  /** The section as it is written. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface RunOrder {
  readonly scenario: string;
  /** Left out: all. */
  readonly variants?: readonly string[];
  /** Default: real. */
  readonly engine?: Engine;
}
