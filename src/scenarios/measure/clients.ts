/** What a run comes to for users and for floods, and which classes of clients there were. */

import type { FloodResult, VariantResult } from '../result.js';
import type { Variant } from '../scenario.js';
import type { Recorder } from './recorder.js';
import { statusKey } from './requests.js';
import { hasClasses } from './windows.js';

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
