/** Events as lines for people. */
import type { Event } from '../core/events.js';
import { formatDuration } from '../core/units.js';

/** Each of several processes has circuits of its own. */
const circuitText = (upstream: string, state: string, process: number | undefined): string =>
  `circuit of ${upstream} ${state}${process === undefined ? '' : ` in process ${process}`}`;

/** What the progress of a run says of an event; `null`: nothing. */
export const eventText = (event: Event): string | null => {
  switch (event.type) {
    case 'run.noted':
      return event.text;
    case 'config.pushed':
      return `config version ${event.version} pushed, ${event.strategy}`;
    case 'config.rolled-back':
      return `config version ${event.from} rolled back to ${event.version}: ${event.reason}`;
    case 'config.promoted':
      return `config version ${event.version} promoted`;
    case 'config.refused':
      return `config refused with ${event.status}: ${event.reason}`;
    case 'config.locked':
      return `config locked: ${event.reason}`;
    case 'circuit.opened':
      return circuitText(event.upstream, 'opened', event.process);
    case 'worker.exited':
      return `${event.worker} died: ${event.signal ?? `exit code ${event.code}`}`;
    case 'gateway.process-exited': {
      const how = event.signal ?? `exit code ${event.code}`;
      const again = `started again in ${formatDuration(event.restartInMs)}`;
      const reason = event.reason === '' ? '' : `\n${event.reason}`;
      return `the gateway's process ${event.process} died: ${how}; ${again}${reason}`;
    }
    case 'fault.injected':
      return `${event.fault} injected into ${event.worker}`;
    default:
      return null;
  }
};

/** What a gateway without a scenario says of it: there the upstreams are the user's own, and their state is news. */
export const gatewayEventText = (event: Event): string | null => {
  switch (event.type) {
    case 'upstream.turned-unhealthy':
      return `${event.upstream} is unhealthy: ${event.reason}`;
    case 'upstream.turned-healthy':
      return `${event.upstream} is healthy`;
    case 'circuit.half-opened':
      return circuitText(event.upstream, 'half-opened', event.process);
    case 'circuit.closed':
      return circuitText(event.upstream, 'closed', event.process);
    case 'gateway.process-started':
      return `the gateway's process ${event.process} started, pid ${event.pid}`;
    default:
      return eventText(event);
  }
};
