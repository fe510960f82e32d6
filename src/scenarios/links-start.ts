/** Puts the links of a run before its workers, in whichever world. */
import type { EventStream } from '../core/events.js';
import type { Fleet, WorkerAddress } from '../upstream/fleet.js';
import type { LinkFleet } from '../upstream/links/link-fleet.js';

export interface LinkedWorld {
  readonly links: LinkFleet;
  readonly fleet: Fleet;
  /** From which the links hear who is there. */
  readonly stream: EventStream;
  /** Where they listen, in the order of the workers; default: at free ports. */
  readonly ports?: readonly number[];
}

/** @returns the links' addresses under the workers' ids, which is what a gateway is given. */
export const startLinks = async (
  { links, fleet, stream, ports }: LinkedWorld,
  workers: readonly WorkerAddress[],
): Promise<readonly WorkerAddress[]> => {
  stream.subscribe((event) => {
    if (event.type === 'worker.exited' || event.type === 'worker.stopped')
      links.setUpstreamUp(event.worker, false);
    if (event.type === 'worker.started') links.setUpstreamUp(event.worker, true);
  });
  const linked = await links.start(workers, ports);
  // Places that are held for workers to come.
  for (const { worker, up } of fleet.status()) if (!up) links.setUpstreamUp(worker, false);
  return linked;
};
