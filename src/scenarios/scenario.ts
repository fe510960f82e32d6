/**
 * Scenario files: their form, and what a run needs of one.
 *
 * `ScenarioSchema` is the form as JSON Schema; `parse.ts` reads a file against it. A variant is the scenario with an
 * overlay: maps are merged key by key, everything else is replaced as a whole.
 */
import { Duration, Optional, Percent, Section, type Static, Type } from '../core/schema.js';
import type { Threshold } from '../core/thresholds.js';
import type { GatewayConfig } from '../gateway/config.js';
import { GatewaySchema } from '../gateway/config.js';
import type { FleetConfig } from '../upstream/config.js';
import { FleetSchema } from '../upstream/config.js';
import { type LinksConfig, LinksSchema } from '../upstream/links/config.js';
import { type StubNamesConfig, StubNamesSchema } from '../upstream/names/config.js';
import { type ClientClass, ClientsSchema } from './clients/classes.js';
import type { FloodPlan } from './clients/flood.js';
import { type LoadPlan, LoadSchema } from './clients/workload.js';
import { type FrontConfig, FrontProperties } from './front/config.js';
import { type IncidentPlan, IncidentSchema } from './incident/section.js';
import type { Target } from './targets/choice.js';
import type { Loss } from './targets/target.js';
import { type EntryScope, type TimelineEntry, TimelineEntrySchema } from './timeline/timeline.js';

const NAME = '^[a-z0-9]+(-[a-z0-9]+)*$';

/** `2s..8s`; both ends are durations from the start of the load. */
export const WINDOW_PATTERN = String.raw`^[0-9.a-z]+\.\.[0-9.a-z]+$`;

const ONE_LINE = String.raw`^[^\n\r\u2028\u2029]*$`;

const NameKey = Type.String({ pattern: NAME });

export const ScenarioSchema = Section(
  {
    version: Type.Literal(1, { description: 'Version of this form of file: 1.' }),
    name: Type.String({ pattern: NAME, description: 'Small letters, digits and hyphens.' }),
    title: Type.String({ minLength: 1, pattern: ONE_LINE, description: 'One line for people.' }),
    story: Optional(Type.String({ description: 'What happened, and what to look at.' })),
    reproduces: Optional(
      Type.Array(Type.String(), { description: 'The real incidents or texts it stands for.' }),
    ),
    seed: Optional(
      Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Seed of all randomness; default 42.' }),
    ),
    fleet: FleetSchema,
    gateway: Optional(GatewaySchema),
    ...FrontProperties,
    names: Optional(StubNamesSchema),
    links: Optional(LinksSchema),
    clients: Optional(ClientsSchema),
    load: LoadSchema,
    timeline: Optional(Type.Array(TimelineEntrySchema, { description: 'What happens, and when.' })),
    windows: Optional(
      Type.Record(NameKey, Type.String({ pattern: WINDOW_PATTERN, description: 'A span such as 2s..8s.' }), {
        description: 'Named spans of time, such as `baseline: 2s..8s`.',
      }),
    ),
    variants: Optional(
      Type.Record(NameKey, Type.Union([Type.Object({}), Type.Null()]), {
        description: 'Overlays on this scenario, run one after another.',
      }),
    ),
    thresholds: Optional(
      Type.Record(NameKey, Type.Array(Type.String({ minLength: 1 })), {
        description: 'What must hold, per variant.',
      }),
    ),
    incident: Optional(IncidentSchema),
    minBaselineAvailability: Optional(Percent('Below it the run is invalid; default 99%.')),
    settle: Optional(Duration('Wait between everything being up and the load; default 200ms.')),
  },
  'A badgateway scenario.',
);

export type ScenarioFile = Static<typeof ScenarioSchema>;

export interface Window {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One way of running a scenario, with everything filled in. */
export interface Variant {
  readonly name: string;
  readonly seed: number;
  readonly fleet: FleetConfig;
  readonly gateway: GatewayConfig;
  /** What the variant lays over its scenario's section of the gateway, and what was set in it from outside: the path of each value. */
  readonly gatewayOverlay: readonly (readonly string[])[];
  /** Of a scenario without variants, keys of that section: what it is for, at a proxy that is given the section; else empty. */
  readonly gatewayPolicies: readonly string[];
  /** What stands in the gateway's place. */
  readonly target: Target;
  /** What that cannot do of this, or does otherwise. */
  readonly losses: readonly Loss[];
  readonly front: FrontConfig;
  /** `null`: the gateway is given addresses. */
  readonly names: StubNamesConfig | null;
  /** `null`: the gateway talks to the workers directly. */
  readonly links: LinksConfig | null;
  /** What an entry of its timeline is checked against. */
  readonly scope: EntryScope;
  /** One without a name where the scenario names none. */
  readonly clients: readonly ClientClass[];
  readonly load: LoadPlan;
  readonly durationMs: number;
  readonly settleMs: number;
  readonly timeline: readonly TimelineEntry[];
  /** Those of the timeline, in its order. */
  readonly floods: readonly FloodPlan[];
  readonly windows: readonly Window[];
  readonly incident: IncidentPlan;
  readonly thresholds: readonly Threshold[];
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly story: string;
  readonly reproduces: readonly string[];
  readonly seed: number;
  /** Availability in the window `baseline` below which nothing that follows says anything. */
  readonly minBaselineAvailability: number;
  readonly variants: readonly Variant[];
}

/** The variant of a scenario that names none. */
export const DEFAULT_VARIANT = 'default';

/** The name of a variant in which nothing goes wrong: what the others are held against, and no mitigation. */
export const CONTROL_VARIANT = 'healthy';

export const DEFAULT_SEED = 42;
