/** The words of a status page: how a component is, and how bad that is for the whole. They are those of Atlassian's Statuspage. */

/** From the best to the worst. */
export const COMPONENT_STATES = [
  'operational',
  'degraded_performance',
  'partial_outage',
  'major_outage',
] as const;

/** `unknown`: nobody has told for a while. */
export type ComponentState = (typeof COMPONENT_STATES)[number] | 'unknown';

export const STATE_LABELS: Readonly<Record<ComponentState, string>> = {
  operational: 'Operational',
  degraded_performance: 'Degraded performance',
  partial_outage: 'Partial outage',
  major_outage: 'Major outage',
  unknown: 'Unknown',
};

/** Never by colour alone. */
export const STATE_SIGNS: Readonly<Record<ComponentState, string>> = {
  operational: '✓',
  degraded_performance: '◐',
  partial_outage: '▲',
  major_outage: '✕',
  unknown: '?',
};

const rank = (state: ComponentState): number => (COMPONENT_STATES as readonly string[]).indexOf(state);

/** What is unknown is worse than nothing that is known. */
export const worstOf = (states: readonly ComponentState[]): ComponentState =>
  states.reduce((worst, state) => (rank(state) > rank(worst) ? state : worst), 'unknown');

/** Whether somebody is without service. */
export const isOutage = (state: ComponentState): boolean =>
  state === 'partial_outage' || state === 'major_outage';

export type Impact = 'none' | 'minor' | 'major' | 'critical';

const IMPACTS: Readonly<Record<ComponentState, Impact>> = {
  operational: 'none',
  degraded_performance: 'minor',
  partial_outage: 'major',
  major_outage: 'critical',
  unknown: 'none',
};

export const impactOf = (state: ComponentState): Impact => IMPACTS[state];

/** Of several that do the same: some unfit, half of them, all of them. */
export const stateOfShare = (unfit: number, all: number): ComponentState => {
  if (all === 0) return 'unknown';
  if (unfit === 0) return 'operational';
  if (unfit === all) return 'major_outage';
  return unfit * 2 >= all ? 'partial_outage' : 'degraded_performance';
};

/** Shares of good requests from which on clients have this state. */
const GOOD_SHARES: readonly (readonly [share: number, state: ComponentState])[] = [
  [0.99, 'operational'],
  [0.95, 'degraded_performance'],
  [0.5, 'partial_outage'],
];

/** How clients are, by what became of their requests. */
export const stateOfClients = (ended: number, failed: number): ComponentState => {
  if (ended === 0) return 'unknown';
  const good = 1 - failed / ended;
  return GOOD_SHARES.find(([share]) => good >= share)?.[1] ?? 'major_outage';
};
