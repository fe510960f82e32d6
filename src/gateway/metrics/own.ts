/** The metrics of a gateway that is one process, whatever it has in front: sockets, or memory. */
import type { Generations } from '../generations.js';
import { buildMetrics, type Metrics, readGlobal, readPool } from '../metrics.js';
import { readMemory, readProcessorUse } from '../process-use.js';
import type { UpstreamPool } from '../upstream-pool.js';

/** Looked at when somebody asks, since the generations are built with them. */
export interface OwnGateway {
  readonly pool: UpstreamPool;
  readonly metrics: Metrics;
  readonly generations: Generations;
}

export const ownMetrics = (gateway: OwnGateway): Metrics =>
  buildMetrics({
    ...{ upstreams: () => readPool(gateway.pool), use: readProcessorUse },
    configVersion: () => gateway.generations.stable.version,
    processes: () => [
      {
        memory: readMemory(),
        open: gateway.metrics.tallies.open,
        global: readGlobal(gateway.generations.stable.live.parts.globalLimit),
      },
    ],
  });
