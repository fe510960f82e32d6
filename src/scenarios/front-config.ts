/** What stands between clients and workers: one gateway or several side by side, and an edge before them. */
import type { Finding } from '../core/document/schema-problems.js';
import { Count, OneOf, Optional, Section } from '../core/schema.js';
import { findConfigProblems, findContradictions } from '../gateway/config/check.js';
import {
  type GatewayConfig,
  GatewaySchema,
  type GatewaySection,
  resolveGatewayConfig,
} from '../gateway/config.js';

/** Each is a process beside the workers', and a machine of a few processors has to run them all. */
const MAX_GATEWAYS = 4;

export const FrontProperties = {
  gateways: Optional(
    Count(
      1,
      'Gateways side by side, each with the whole config; clients take another when one is gone; default 1.',
    ),
  ),
  edge: Optional(
    Section(
      {
        gateway: Optional(GatewaySchema),
        bypass: Optional(
          OneOf(
            ['on', 'off'],
            'Whether clients go to the gateways when the edge takes no connection; default off.',
          ),
        ),
      },
      'A gateway of its own before the others, as a content delivery network is: its cache, its limits, its certificate.',
    ),
  ),
};

export interface FrontSection {
  readonly gateways?: number;
  readonly edge?: { readonly gateway?: GatewaySection; readonly bypass?: 'on' | 'off' };
}

export interface FrontConfig {
  readonly gateways: number;
  /** `null`: clients go to the gateways. */
  readonly edge: { readonly config: GatewayConfig; readonly bypass: boolean } | null;
}

export const EDGE = 'edge';

export const gatewayIds = ({ gateways = 1 }: Pick<FrontSection, 'gateways'>): string[] =>
  Array.from({ length: gateways }, (_, index) => `gateway-${index + 1}`);

/** Every place that something can be done to, and how many processes it has. */
export const frontPlaces = (section: FrontSection, gateway: GatewaySection): ReadonlyMap<string, number> => {
  const places = new Map(gatewayIds(section).map((id) => [id, gateway.processes ?? 1]));
  if (section.edge !== undefined) places.set(EDGE, section.edge.gateway?.processes ?? 1);
  return places;
};

/** The places of a scenario that says nothing of them. */
export const ONE_GATEWAY = frontPlaces({}, {});

export const findFrontProblems = (section: FrontSection): Finding[] => {
  const { gateways = 1, edge } = section;
  if (gateways > MAX_GATEWAYS) {
    return [
      { path: ['gateways'], message: `must be at most ${MAX_GATEWAYS}: each is a process; got ${gateways}` },
    ];
  }
  const contradictions = findContradictions(edge?.gateway ?? {});
  const problems =
    contradictions.length > 0
      ? contradictions
      : findConfigProblems(resolveGatewayConfig(edge?.gateway), gatewayIds(section));
  return problems.map(({ path, message }) => ({ path: [EDGE, 'gateway', ...path], message }));
};

/** @param section one that `findFrontProblems` has nothing against. */
export const resolveFront = ({ gateways = 1, edge }: FrontSection): FrontConfig => ({
  gateways,
  edge:
    edge === undefined ? null : { config: resolveGatewayConfig(edge.gateway), bypass: edge.bypass === 'on' },
});
