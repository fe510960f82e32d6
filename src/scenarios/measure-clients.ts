/** What a run's records come to for each class of clients, for tiers and routes, for users, and for floods. */
import type { ClientClass } from './client-classes.js';
import { groupsOf, selects } from './client-selectors.js';
import type { RequestRecord } from './clients.js';
import { measureRequests, statusKey, within } from './measure.js';
import type { Recorder } from './recorder.js';
import type { FloodResult, RequestsResult, VariantResult, WindowResult } from './result.js';
import type { Variant, Window } from './scenario.js';

const hasClasses = (classes: readonly ClientClass[]): boolean => classes.some(({ name }) => name !== '');

/** What each class and group got in a window; nothing where the scenario names no classes. */
export const measureClasses = (
  window: Window,
  all: readonly RequestRecord[],
  classes: readonly ClientClass[],
): Pick<WindowResult, 'classes' | 'groups'> => {
  if (!hasClasses(classes)) return {};
  const byClass = new Map<string, RequestRecord[]>(classes.map(({ name }) => [name, []]));
  const isWithin = within(window);
  for (const record of all) if (isWithin(record)) byClass.get(record.class ?? '')?.push(record);
  const measure = (names: readonly string[]): RequestsResult =>
    measureRequests(
      window,
      names.flatMap((name) => byClass.get(name) ?? []),
    );
  const groups = [...groupsOf(classes)].map(([text, selector]): [string, RequestsResult] => [
    text,
    measure(classes.filter((one) => selects(selector, one)).map(({ name }) => name)),
  ]);
  return {
    classes: Object.fromEntries(classes.map(({ name }) => [name, measure([name])])),
    groups: Object.fromEntries(groups),
  };
};

type ClientSide = Pick<Variant, 'clients' | 'floods'>;

const floodResults = ({ floods: plans }: ClientSide, { floods }: Pick<Recorder, 'floods'>): FloodResult[] =>
  plans.flatMap(({ atMs, path, identities }, index): FloodResult[] => {
    const counts = floods[index];
    if (counts === undefined) return [];
    const { sent, skipped, ok } = counts;
    const status = Object.fromEntries(
      Object.entries(counts.status).map(([key, count]) => [statusKey(Number(key)), count]),
    );
    return [{ t: atMs / 1000, path, identities, sent, skipped, ok, status }];
  });

/** Of the run as a whole: the classes there are, users, floods; only what the scenario has. */
export const measureClients = (
  variant: ClientSide,
  recorder: Pick<Recorder, 'population' | 'floods'>,
): Pick<VariantResult, 'classes' | 'population' | 'floods'> => {
  const { clients, floods } = variant;
  return {
    ...(hasClasses(clients) && {
      classes: Object.fromEntries(
        clients.map(({ name, shareRatio, tier, route }) => [name, { share: shareRatio, tier, route }]),
      ),
    }),
    ...(recorder.population !== null && { population: { ...recorder.population } }),
    ...(floods.length > 0 && { floods: floodResults(variant, recorder) }),
  };
};
