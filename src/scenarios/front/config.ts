/** What stands between clients and workers: one gateway or several side by side, and an edge before them. */
import type { Path } from '../../core/document/positions.js';
import type { Finding } from '../../core/document/schema-problems.js';
import { Count, OneOf, Optional, Section } from '../../core/schema.js';
import { findConfigProblems, findContradictions } from '../../gateway/config/check.js';
import {
  type GatewayConfig,
  GatewaySchema,
  type GatewaySection,
  resolveGatewayConfig,
} from '../../gateway/config.js';

/** Each is a process beside the workers', and a machine of a few processors has to run them all. */
const MAX_GATEWAYS = 4;

export const FrontProperties = {
  tls: Optional(
    OneOf(
      ['on', 'off'],
      'Whether clients, or the edge, speak TLS to the gateways; their certificates are made for the run. Default off.',
    ),
  ),
  gateways: Optional(
    Count(
      1,
      'Gateways side by side, each with the whole config; clients take another when one is gone; default 1.',
    ),
  ),
  edge: Optional(
    Section(
      {
        tls: Optional(
          OneOf(
            ['on', 'off'],
            'Whether clients speak TLS to it; its certificate is made for the run. Default off.',
          ),
        ),
        gateway: Optional(GatewaySchema),
        bypass: Optional(
          OneOf(
            ['on', 'off'],
            'Whether clients go to the gateways when the edge takes no connection; default off.',
          ),
        ),
      },
      'A gateway of its own before the others, as a content delivery network is: its cache, its rules, its limits, its certificate.',
    ),
  ),
};

export interface FrontSection {
  readonly gateways?: number;
  readonly tls?: 'on' | 'off';
  readonly edge?: {
    readonly tls?: 'on' | 'off';
    readonly gateway?: GatewaySection;
    readonly bypass?: 'on' | 'off';
  };
}

export interface FrontConfig {
  readonly gateways: number;
  /** Of the gateways. */
  readonly tls: boolean;
  /** `null`: clients go to the gateways. */
  readonly edge: { readonly config: GatewayConfig; readonly tls: boolean; readonly bypass: boolean } | null;
}

export const EDGE = 'edge';

export const gatewayIds = ({ gateways = 1 }: Pick<FrontSection, 'gateways'>): string[] =>
  Array.from({ length: gateways }, (_, index) => `gateway-${index + 1}`);

/** Whether a name is that of one of several gateways, and not of a worker. */
export const isGateway = (name: string): boolean => /^gateway-\d+$/.test(name);

/** Every place that something can be done to, and how many processes it has. */
export const frontPlaces = (section: FrontSection, gateway: GatewaySection): ReadonlyMap<string, number> => {
  const places = new Map(gatewayIds(section).map((id) => [id, gateway.processes ?? 1]));
  if (section.edge !== undefined) places.set(EDGE, section.edge.gateway?.processes ?? 1);
  return places;
};

/** The places of a scenario that says nothing of them. */
export const ONE_GATEWAY = frontPlaces({}, {});

/** Those that speak TLS to whoever connects. */
export const securePlaces = (section: FrontSection): string[] => [
  ...(section.tls === 'on' ? gatewayIds(section) : []),
  ...(section.edge?.tls === 'on' ? [EDGE] : []),
];

/** @param path of the gateway's section. */
const findTlsProblems = (
  gateway: GatewaySection,
  path: Path,
  speaks: readonly [Path, boolean][],
): Finding[] => {
  const findings: Finding[] = [];
  if (gateway.listener?.tls !== undefined) {
    const message = 'a run makes its certificates itself: leave this out, and give `tls: on`';
    findings.push({ path: [...path, 'listener', 'tls'], message });
  }
  for (const [at, does] of speaks) {
    if (does && gateway.profile === 'naive') {
      findings.push({ path: at, message: 'the profile naive speaks no TLS, to clients or to upstreams' });
    }
  }
  return findings;
};

/** @param gateway the section of the gateways. */
export const findFrontProblems = (section: FrontSection, gateway: GatewaySection = {}): Finding[] => {
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
  const ofGateways: [Path, boolean] = [['tls'], section.tls === 'on'];
  return [
    ...problems.map(({ path, message }) => ({ path: [EDGE, 'gateway', ...path], message })),
    ...findTlsProblems(gateway, ['gateway'], [ofGateways]),
    ...findTlsProblems(
      edge?.gateway ?? {},
      [EDGE, 'gateway'],
      [ofGateways, [[EDGE, 'tls'], edge?.tls === 'on']],
    ),
  ];
};

/** @param section one that `findFrontProblems` has nothing against. */
export const resolveFront = ({ gateways = 1, tls, edge }: FrontSection): FrontConfig => ({
  gateways,
  tls: tls === 'on',
  edge:
    edge === undefined
      ? null
      : {
          config: resolveGatewayConfig(edge.gateway),
          tls: edge.tls === 'on',
          bypass: edge.bypass === 'on',
        },
});
