/** The controls by subject, in their order. */
export const TABS = ['Faults', 'Clients', 'Policies', 'Config', 'Fleet', 'Timeline', 'Scenarios'] as const;

export type Tab = (typeof TABS)[number];
