/**
 * Everything that an entry of a timeline can do to what runs now, told by the tables that check such entries: a page makes
 * its forms of it.
 */
import type { Schema } from '../../core/schema.js';
import { FAULT_PARAMETERS } from '../../upstream/faults/parameters.js';
import type { ActionForm, CatalogParameter, FormSchema } from '../live/api.js';
import { checkFrontEntry } from '../timeline/front.js';
import { findNameProblems } from '../timeline/names.js';
import { explainNeedOfWorkers } from '../timeline/own-upstreams.js';
import { ALL } from '../timeline/targets.js';
import { ACTIONS, BELONGS_TO, type EntryScope, TimelineEntrySchema } from '../timeline/timeline.js';
import type { World } from '../world.js';

type Action = (typeof ACTIONS)[number];

export type ActionWorld = Pick<World, 'scope' | 'links' | 'front'>;

const PROPERTIES = TimelineEntrySchema.properties as unknown as Readonly<Record<string, Schema>>;

const schemaOf = (key: string): FormSchema => PROPERTIES[key] as unknown as FormSchema;

/** They are said of each fault, where it is chosen. */
const OF_FAULTS: ReadonlySet<string> = new Set([...Object.keys(FAULT_PARAMETERS), 'attributes']);

const keysOf = (action: Action): CatalogParameter[] =>
  Object.entries(BELONGS_TO)
    .filter(([key, owners]) => owners.includes(action) && key !== 'on' && !OF_FAULTS.has(key))
    .map(([name]) => ({ name, schema: schemaOf(name), default: null }));

/** Whom it can be done to; `null`: it is done to nobody in particular. */
const targetsOf = (action: Action, world: ActionWorld): readonly string[] | null => {
  const { workers, clusters = {}, dependencies = {}, secure = [], classes = [] } = world.scope;
  switch (action) {
    case 'inject':
    case 'heal':
    case 'dns':
    case 'toxic':
    case 'remove-toxic':
      return [...workers, ...Object.keys(clusters), ALL];
    case 'disturb':
    case 'recover':
      return [...Object.keys(dependencies), ALL];
    case 'disrupt':
      return world.front().map(({ id }) => id);
    case 'certificate':
      return secure;
    case 'update-clients':
      return classes.length > 0 ? [...classes, ALL] : null;
    default:
      return null;
  }
};

const NO_LINKS = 'there are no links before the workers: give the scenario `links: {}`';
const NO_DEPENDENCIES = 'the workers call nothing: name what they call under `fleet.dependencies`';
const NO_GATEWAY = 'no gateway of this run can be killed or stopped: it is somebody else’s, or there is none';

const explainCertificate = ({ secure = [], front = new Map() }: EntryScope): string | null => {
  if (secure.length > 0) return null;
  const on = [...front.keys()][0] ?? 'gateway-1';
  return checkFrontEntry({ certificate: 'renewed', on }, { front: new Map([[on, 1]]), secure })[0]!.message;
};

/** Why it cannot be done to what runs now, and what would have to be otherwise; `null`: it can. */
export const explainImpossible = (action: string, world: ActionWorld): string | null => {
  const { scope, links } = world;
  // What workers of one's own cannot get, the gateway may.
  const need = scope.own ? explainNeedOfWorkers(action, { at: '0s', to: 'gateway' }) : null;
  if (need !== null) return need.message;
  switch (action) {
    case 'dns':
      return findNameProblems({ dns: 'heal' }, scope.named ?? false)[0]?.message ?? null;
    case 'toxic':
    case 'remove-toxic':
      return links === null ? NO_LINKS : null;
    case 'disturb':
    case 'recover':
      return Object.keys(scope.dependencies ?? {}).length === 0 ? NO_DEPENDENCIES : null;
    case 'disrupt':
      return world.front().length === 0 ? NO_GATEWAY : null;
    case 'certificate':
      return explainCertificate(scope);
    default:
      return null;
  }
};

export const actionForms = (world: ActionWorld): ActionForm[] =>
  ACTIONS.map((name) => {
    const value = schemaOf(name);
    return {
      ...{ name, about: value.description ?? '', value },
      on: targetsOf(name, world),
      onIsOptional: name === 'update-clients',
      keys: keysOf(name),
      impossible: explainImpossible(name, world),
    };
  });
