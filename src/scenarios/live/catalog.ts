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
import { ClientProperties } from '../timeline/clients.js';
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
  return { name, description, clientSees, standsFor, lasts, parameters: parametersOf(takes) };
};

const dependencyFault = (
  name: (typeof DEPENDENCY_FAULT_NAMES)[number],
): Catalog['dependencyFaults'][number] => {
  const { description, workerSees, standsFor, kinds, takes } = DEPENDENCY_FAULTS[name];
  return {
    ...{ name, description, standsFor, kinds, lasts: 'span', parameters: parametersOf(takes) },
    clientSees: `the worker: ${workerSees}`,
  };
};

/** Not among Toxiproxy's: its link is not enabled. */
const DOWN: CatalogFault = {
  name: 'down',
  description: 'the link refuses connections, and those that were open are closed',
  clientSees: '502 (refused)',
  ...{ standsFor: '', lasts: 'span', parameters: [] },
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
  return { name, description, clientSees, standsFor: '', lasts: 'span', parameters };
};

export const makeCatalog = (): Catalog => ({
  faults: WORKER_FAULT_NAMES.map(workerFault),
  dependencyFaults: DEPENDENCY_FAULT_NAMES.map(dependencyFault),
  toxics: [...TOXIC_TYPES.map(toxic), DOWN],
  gateway: form(GatewaySchema),
  clients: form(ClientProperties['update-clients']),
  strategies: { workers: STRATEGY_NAMES, gateway: TRAFFIC_STRATEGY_NAMES },
});
