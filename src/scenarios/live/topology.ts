/** Who is between a client and an answer in a variant. */
import { EDGE } from '../front/config.js';
import type { Variant } from '../scenario.js';
import { targetName } from '../targets/choice.js';
import type { Topology } from './feed.js';

export const topologyOf = ({ fleet, clients, scope, front, links, target }: Variant): Topology => {
  // Upstreams of the user's own tell nothing of themselves.
  const own = fleet.upstreams !== null;
  const absent = target.kind === 'direct' || target.kind === 'url';
  return {
    classes: clients.map(({ name, shareRatio, route }) => ({ name, share: shareRatio, route })),
    edge: front.edge !== null,
    gateways: absent ? [] : [...(scope.front?.keys() ?? ['gateway-1'])].filter((id) => id !== EDGE),
    target: targetName(target),
    workers: scope.workers.map((id) => ({
      id,
      slots: own ? null : fleet.slots,
      queue: null,
      heapLimitBytes: own ? null : fleet.heapLimitBytes,
    })),
    links: links !== null,
    dependencies: fleet.dependencies.map(({ name }) => name),
  };
};
