/** Values of metrics that are about a part of the clients, about users, and about floods. */
import { isEmpty, type Selector, selectorText } from '../../core/selectors.js';
import { selects } from '../clients/selectors.js';
import type { PopulationResult, RequestsResult, VariantResult, WindowResult } from '../result.js';

/** The window that is the run itself; its name cannot be that of a user's window. */
export const WHOLE_RUN = '(run)';

/** What the selected clients got; `undefined` where nobody is selected, as in a variant without that class. */
export const selected = (
  window: WindowResult | undefined,
  selector: Selector,
): RequestsResult | undefined => {
  if (isEmpty(selector)) return window;
  const { class: name } = selector;
  return name === undefined ? window?.groups?.[selectorText(selector)] : window?.classes?.[name];
};

/** Of the selected clients, the share that failed while the cause was active, or in the whole run. */
export const failedShare = ({ windows }: VariantResult, selector: Selector): number => {
  const { availability } = selected(windows.outage ?? windows[WHOLE_RUN], selector) ?? {};
  return availability === null || availability === undefined ? Number.NaN : 1 - availability;
};

/** Users of the selected classes together; `null` where there are none. */
const users = ({ population, classes = {} }: VariantResult, selector: Selector): PopulationResult | null => {
  const chosen = Object.entries(population ?? {}).filter(
    ([name]) => isEmpty(selector) || selects(selector, { tier: '', route: '', ...classes[name], name }),
  );
  if (chosen.length === 0) return null;
  const sum = (key: keyof PopulationResult): number => chosen.reduce((total, [, one]) => total + one[key], 0);
  return {
    users: sum('users'),
    usersLost: sum('usersLost'),
    sessions: sum('sessions'),
    sessionsFailed: sum('sessionsFailed'),
  };
};

export const usersLost = (variant: VariantResult, selector: Selector): number =>
  users(variant, selector)?.usersLost ?? Number.NaN;

export const failedSessions = (variant: VariantResult, selector: Selector): number => {
  const { sessions = 0, sessionsFailed = 0 } = users(variant, selector) ?? {};
  return sessions === 0 ? Number.NaN : sessionsFailed / sessions;
};

export const floodSum = ({ floods }: VariantResult, key: 'sent' | 'skipped' | 'ok'): number =>
  floods === undefined ? Number.NaN : floods.reduce((sum, flood) => sum + flood[key], 0);
