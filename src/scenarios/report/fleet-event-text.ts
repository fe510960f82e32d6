/** Events of the fleet as lines for people. */
import type { Event } from '../../core/events.js';
import { formatDuration, formatRatio } from '../../core/units.js';

/** What the progress of a run says of an event of the fleet; `null`: nothing, or it is none. */
export const fleetEventText = (event: Event): string | null => {
  switch (event.type) {
    case 'worker.killed':
      return event.by === 'operator'
        ? `${event.worker} killed by hand`
        : `${event.worker} killed by the ${event.by}: ${event.reason}`;
    case 'worker.turned-unready':
      return `${event.worker} is not ready: ${event.reason}`;
    case 'worker.recycled':
      return `${event.worker} recycled at ${formatRatio(event.heapRatio)} of its heap, in ${formatDuration(event.tookMs)}`;
    case 'request.quarantined':
      return `request ${event.fingerprint} in quarantine: ${event.deaths} workers that served it died`;
    case 'fleet.scaled':
      return `${event.from} → ${event.to} workers: ${event.reason}`;
    case 'fleet.scaling-refused':
      return `no scaling to ${event.workers} workers: ${event.reason}`;
    case 'deploy.began':
      return `deploy of version ${event.version} to ${event.workers} workers began, ${event.strategy}`;
    case 'deploy.switched':
      return `requests go to version ${event.version} now; ${event.from} stands by`;
    case 'deploy.finished':
      return `version ${event.version} deployed in ${formatDuration(event.tookMs)}`;
    case 'deploy.failed':
      return `deploy of version ${event.version} failed: ${event.reason}`;
    case 'deploy.refused':
      return `no deploy of version ${event.version}: ${event.reason}`;
    case 'deploy.rolled-back':
      return `version ${event.from} taken back, ${event.version} runs again: ${event.reason}`;
    default:
      return null;
  }
};
