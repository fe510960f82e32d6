/**
 * Upstreams that a gateway knows and that nobody answers for: what a pool of a wrong config leads to. They stand at
 * port 1 (tcpmux, RFC 1078), where nobody listens and which is never given out as a free port.
 */
import type { WorkerAddress } from './fleet.js';

const DEAD_PORT = 1;

/** `dead-1`, `dead-2` and so on. */
export const deadPortIds = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `dead-${index + 1}`);

export const deadPortAddresses = (count: number, host: string): WorkerAddress[] =>
  deadPortIds(count).map((id) => ({ id, host, port: DEAD_PORT }));
