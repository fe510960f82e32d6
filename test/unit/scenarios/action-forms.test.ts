/** What a page is told of what a timeline can do: all of it, by the tables that check it. */
import { describe, expect, it } from 'vitest';
import { checkSchema } from '../../../src/core/document/schema-problems.js';
import { type ActionWorld, actionForms } from '../../../src/scenarios/control/action-forms.js';
import { parseByHand } from '../../../src/scenarios/control/by-hand.js';
import type { CatalogFault } from '../../../src/scenarios/live/api.js';
import { makeCatalog } from '../../../src/scenarios/live/catalog.js';
import { ACTIONS, type EntryScope, TimelineEntrySchema } from '../../../src/scenarios/timeline/timeline.js';

const FULL: EntryScope = {
  workers: ['worker-1', 'worker-2'],
  clusters: { east: ['worker-1'] },
  dependencies: { store: 'database' },
  named: true,
  classes: ['app', 'crawler'],
  gateway: {},
  front: new Map([['gateway-1', 1]]),
  secure: ['gateway-1'],
};

const world = (scope: EntryScope, links = true): ActionWorld => ({
  scope,
  links: (links ? {} : null) as ActionWorld['links'],
  front: () => [...(scope.front ?? new Map()).keys()].map((id) => ({ id })) as never,
});

const forms = (scope: EntryScope, links = true) =>
  new Map(actionForms(world(scope, links)).map((form) => [form.name, form]));

describe('the forms of a timeline’s actions', () => {
  it('are of every action, each with the keys that mean something beside it', () => {
    const all = forms(FULL);
    expect([...all.keys()]).toEqual([...ACTIONS]);
    expect([...all.values()].map(({ impossible }) => impossible)).toEqual(ACTIONS.map(() => null));
    const keysOf = (name: string) => all.get(name)!.keys.map((key) => key.name);
    expect(keysOf('toxic')).toEqual(['for', 'stream', 'toxicity']);
    expect(keysOf('inject')).toEqual(['for']);
    expect(keysOf('scale')).toEqual(['through']);
    expect(keysOf('push-config')).toContain('canary');
    expect(all.get('inject')!.on).toEqual(['worker-1', 'worker-2', 'east', 'all']);
    expect(all.get('update-clients')).toMatchObject({ on: ['app', 'crawler', 'all'], onIsOptional: true });
    expect(all.get('certificate')!.on).toEqual(['gateway-1']);
  });

  it('say why something cannot be done, and what it would need', () => {
    const bare = forms({ workers: ['worker-1'], gateway: {} }, false);
    expect(bare.get('dns')!.impossible).toContain('names: { ttl: 5s }');
    expect(bare.get('toxic')!.impossible).toContain('links: {}');
    expect(bare.get('disturb')!.impossible).toContain('fleet.dependencies');
    expect(bare.get('certificate')!.impossible).toContain('tls: on');
    expect(bare.get('disrupt')!.impossible).toContain('somebody else');
    expect(bare.get('inject')!.impossible).toBeNull();
    expect(bare.get('update-clients')!.on).toBeNull();
  });

  it('say of upstreams of one’s own what is theirs to do', () => {
    const own = forms({ ...FULL, own: true });
    for (const name of ['inject', 'deploy', 'scale', 'disturb', 'lock-config'])
      expect(own.get(name)!.impossible, name).toContain('your own');
    expect(own.get('push-config')!.impossible).toBeNull();
    expect(own.get('toxic')!.impossible).toBeNull();
  });
});

describe('the faults of the catalog', () => {
  const all = Object.entries(makeCatalog().faults).flatMap(([action, faults]) =>
    faults.map((fault) => [action, fault.name, fault] as const),
  );
  const onOf = (action: string) => forms(FULL).get(action)!.on![0]!;

  it.each(all)('%s %s is taken by hand with what its form needs at least', (action, name, fault) => {
    const needed: Readonly<Record<string, unknown>> = {
      ...(fault.lasts === 'bounded' && { for: '1s' }),
      ...(name === 'leak' && { perSecond: '1MiB' }),
    };
    const attributes = Object.fromEntries(
      fault.parameters
        .filter((parameter) => parameter.default === null)
        .map((parameter) => [parameter.name, 1]),
    );
    const entry = {
      ...{ [action]: name, on: onOf(action) },
      ...needed,
      ...(fault.below !== undefined && Object.keys(attributes).length > 0 && { [fault.below]: attributes }),
    };
    const scope = { ...FULL, dependencies: { store: (fault.kinds?.[0] ?? 'database') as 'database' } };
    expect(parseByHand(entry, scope).action.type).toBe(action);
  });

  it.each(all.filter(([, , { heal }]: readonly [string, string, CatalogFault]) => heal !== null))(
    '%s %s is healed by an entry that is taken too',
    (action, _name, { heal }) => {
      const entry = { at: '0s', ...heal, on: onOf(action) };
      expect(checkSchema(entry, TimelineEntrySchema)).toEqual([]);
      const { at: _, ...byHand } = entry;
      expect(() => parseByHand(byHand, FULL)).not.toThrow();
    },
  );
});
