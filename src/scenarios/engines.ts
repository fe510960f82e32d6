/** What a scenario can be run by: processes and sockets, or models of them in virtual time. */
export const ENGINES = ['real', 'virtual'] as const;

export type Engine = (typeof ENGINES)[number];
