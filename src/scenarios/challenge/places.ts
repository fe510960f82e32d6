/** Where the cause of a challenge may lie. A worker is a place by its own name. */

export const EVERY_WORKER = 'every-worker';
export const GATEWAY = 'gateway';
export const THIRD_PARTY = 'third-party';
export const CLIENTS = 'clients';

const LINK = 'link-to-';

/** The network between the gateway and a worker. */
export const linkTo = (worker: string): string => `${LINK}${worker}`;

/** The worker that a place is, or that is behind it; a place that is about no single worker is itself. */
export const workerAt = (place: string): string =>
  place.startsWith(LINK) ? place.slice(LINK.length) : place;
