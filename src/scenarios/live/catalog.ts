/** Everything that can be done to a lab and what it takes, from the same tables and schemas that check it. */
import type { Schema } from '../../core/schema.js';
import { STRATEGY_NAMES } from '../../delivery/strategy.js';
import { TRAFFIC_STRATEGY_NAMES } from '../../delivery/traffic-strategy.js';
import { GatewaySchema } from '../../gateway/config.js';
import {
  DEPENDENCY_FAULT_NAMES,
  DEPENDENCY_FAULTS,
} from '../../upstream/dependencies/faults/dependency-faults.js';
import { FAULT_PARAMETERS, type ParameterName } from '../../upstream/faults/parameters.js';
import { WORKER_FAULT_NAMES, WORKER_FAULTS } from '../../upstream/faults/worker-faults.js';
import { MAX_ATTRIBUTE } from '../../upstream/links/toxic.js';
import { TOXIC_TYPES, TOXICS } from '../../upstream/links/toxics/toxics.js';
import { NAME_FAULT_NAMES, NAME_FAULTS } from '../../upstream/names/name-faults.js';
import { CERTIFICATE_FAULTS } from '../front/certificates.js';
import { DISRUPTIONS, type DisruptionKind } from '../timeline/front.js';
import type { Catalog, CatalogFault, CatalogParameter, FormSchema } from './api.js';

const form = (schema: Schema): FormSchema => schema as unknown as FormSchema;

const parametersOf = (takes: object): CatalogParameter[] =>
  Object.entries(takes).map(([name, value]) => ({
    name,
    schema: form(FAULT_PARAMETERS[name as ParameterName].schema),
    default: value,
  }));

const workerFault = (name: (typeof WORKER_FAULT_NAMES)[number]): CatalogFault => {
  const { description, clientSees, standsFor, lasts, takes } = WORKER_FAULTS[name];
  const heal = lasts === 'span' ? { heal: name } : null;
  return { name, description, clientSees, standsFor, lasts, parameters: parametersOf(takes), heal };
};

const dependencyFault = (name: (typeof DEPENDENCY_FAULT_NAMES)[number]): CatalogFault => {
  const { description, workerSees, standsFor, kinds, takes } = DEPENDENCY_FAULTS[name];
  return {
    ...{ name, description, standsFor, kinds, lasts: 'span', parameters: parametersOf(takes) },
    clientSees: `the worker: ${workerSees}`,
    heal: { recover: name },
  };
};

/** Without parameters, until it is healed. */
const plain = (
  name: string,
  description: string,
  clientSees: string,
): Omit<CatalogFault, 'heal' | 'lasts'> => ({
  ...{ name, description, clientSees, standsFor: '', parameters: [] },
});

/** Not among Toxiproxy's: its link is not enabled. */
const DOWN: CatalogFault = {
  ...plain(
    'down',
    'the link refuses connections, and those that were open are closed',
    '502 `connection_refused`',
  ),
  ...{ lasts: 'span', heal: { 'remove-toxic': 'down' } },
};

const toxic = (name: (typeof TOXIC_TYPES)[number]): CatalogFault => {
  const { description, clientSees, attributes } = TOXICS[name];
  const parameters = Object.entries(attributes).map(
    ([key, { unit, minimum = 0, required, description: text }]) => ({
      name: key,
      schema: {
        type: 'integer',
        minimum,
        maximum: MAX_ATTRIBUTE,
        description: `${text}, in ${unit}`,
      } as const,
      default: required ? null : 0,
    }),
  );
  const heal = { 'remove-toxic': name };
  return {
    ...{ name, description, clientSees, standsFor: '', lasts: 'span' },
    ...{ parameters, heal, below: 'attributes' },
  };
};

const nameFault = (name: (typeof NAME_FAULT_NAMES)[number]): CatalogFault => {
  const { description, clientSees, standsFor, helps } = NAME_FAULTS[name];
  const seen = `${clientSees}, once what the gateway has kept is out of date; ${helps} help`;
  return {
    ...{ name, description, clientSees: seen, standsFor, lasts: 'span', parameters: [] },
    heal: { dns: 'heal' },
  };
};

const DISRUPTED: Readonly<Record<DisruptionKind, readonly [description: string, clientSees: string]>> = {
  kill: [
    'the process is gone, and back when the time is over',
    'no answer, or 502 and 504 from an edge before it',
  ],
  stop: [
    'the process stands still: connections are taken, nobody serves them',
    'no answer within their patience',
  ],
  block: ['it burns its processor and does nothing else', 'late answers, all at once'],
};

/** One whose time is over at once comes back: an entry that says so ends what was to last longer. */
const AT_ONCE = '1ms';

const disruption = (name: DisruptionKind): CatalogFault => ({
  ...plain(name, ...DISRUPTED[name]),
  lasts: name === 'block' ? 'bounded' : 'span',
  heal: name === 'block' ? null : { disrupt: name, for: AT_ONCE },
});

const CERTIFICATE: Readonly<Record<(typeof CERTIFICATE_FAULTS)[number], string>> = {
  expired: 'the certificate is no longer valid',
  'wrong-name': 'the certificate is for another name',
  untrusted: 'the certificate is of an authority that clients do not believe',
};

const certificate = (name: (typeof CERTIFICATE_FAULTS)[number]): CatalogFault => ({
  ...plain(name, CERTIFICATE[name], 'no answer on a new connection; those that are open go on'),
  ...{ lasts: 'span', heal: { certificate: 'renewed' } },
});

export const makeCatalog = (): Catalog => ({
  faults: {
    inject: WORKER_FAULT_NAMES.map(workerFault),
    dns: NAME_FAULT_NAMES.map(nameFault),
    toxic: [...TOXIC_TYPES.map(toxic), DOWN],
    disturb: DEPENDENCY_FAULT_NAMES.map(dependencyFault),
    disrupt: DISRUPTIONS.map(disruption),
    certificate: CERTIFICATE_FAULTS.map(certificate),
  },
  gateway: form(GatewaySchema),
  strategies: { workers: STRATEGY_NAMES, gateway: TRAFFIC_STRATEGY_NAMES },
});
