/** Events as lines for people. */
import type { Event } from '../../core/events.js';
import { formatDuration, formatFor, formatRatio } from '../../core/units.js';
import { clientsText, updateText } from '../timeline/clients.js';
import { answerText } from '../timeline/orders.js';
import { fleetEventText } from './fleet-event-text.js';

/** Each of several processes has circuits of its own. */
const circuitText = (upstream: string, state: string, process: number | undefined): string =>
  `circuit of ${upstream} ${state}${process === undefined ? '' : ` in process ${process}`}`;

/** A result may be of before circuits said why. */
const openedText = ({
  from,
  failed,
  outcomes,
  errorRatio,
  openMs,
}: Partial<Event<'circuit.opened'>>): string => {
  if (openMs === undefined) return '';
  const why =
    from === 'half-open'
      ? 'its trial failed'
      : `${failed} of ${outcomes} requests failed, more than ${formatRatio(errorRatio!)}`;
  return ` for ${formatDuration(openMs)}: ${why}`;
};

/** Shares are read as such, and failures in a row as numbers. */
const seenText = ({ observed, threshold }: { observed: number; threshold: number }): string =>
  threshold <= 1
    ? `${formatRatio(observed)} against ${formatRatio(threshold)}`
    : `${observed} failures in a row`;

/** What the progress of a run says of an event; `null`: nothing. */
export const eventText = (event: Event): string | null => {
  switch (event.type) {
    case 'run.noted':
      return event.text;
    case 'error.reported':
      return `a user reports the error ${event.rayId}`;
    case 'load.changed':
      return event.rateRps === null
        ? `the load is ${event.scale} times the planned one`
        : `the load is ${event.rateRps}/s`;
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
      return `${circuitText(event.upstream, 'opened', event.process)}${openedText(event)}`;
    case 'worker.exited':
      return `${event.worker} died: ${event.signal ?? `exit code ${event.code}`}`;
    case 'gateway.process-exited': {
      const how = event.signal ?? `exit code ${event.code}`;
      const again = `started again in ${formatDuration(event.restartInMs)}`;
      const reason = event.reason === '' ? '' : `\n${event.reason}`;
      return `the gateway's process ${event.process} died: ${how}; ${again}${reason}`;
    }
    case 'upstream.ejected':
      return event.detector === 'by-hand'
        ? `${event.upstream} ejected by hand for ${formatDuration(event.forMs)}`
        : `${event.upstream} ejected for ${formatDuration(event.forMs)} by ${event.detector}: ${seenText(event)}`;
    case 'upstream.unejected':
      return `${event.upstream} is back after ${formatDuration(event.afterMs)} (${event.reason})`;
    case 'name.lookup-failed':
      return `${event.name} does not resolve: ${event.reason}`;
    case 'name.served-stale':
      return `${event.name}: lookups fail, the address of ${formatDuration(event.staleMs)} past its TTL is used`;
    case 'name.recovered':
      return `${event.name} resolves again, after ${formatDuration(event.afterMs)}`;
    case 'name.changed':
      return `${event.name} resolves to ${event.to} now, before to ${event.from}`;
    case 'panic.began':
      return `pool ${event.pool} panics: so few are healthy that health is not believed`;
    case 'panic.ended':
      return `pool ${event.pool} panics no more`;
    case 'order.accepted':
      return `the order to ${event.order} arrives after ${formatDuration(event.afterMs)} (try ${event.tries})`;
    case 'order.failed':
      return `the order to ${event.order} does not get through: ${answerText(event)} (try ${event.tries})`;
    case 'clients.updated':
      return `${clientsText(event.classes)} updated: ${updateText(event)}`;
    case 'clients.reverted':
      return `${clientsText(event.classes)} as before: no more ${updateText({ ...event, forMs: null })}`;
    case 'flood.began':
      return `flood of ${event.rateRps}/s on ${event.path} from ${event.identities} addresses began`;
    case 'flood.ended':
      return `flood on ${event.path} ended: ${event.sent} sent, ${event.skipped} skipped`;
    case 'dependency.disturbed':
      return `${event.dependency} disturbed: ${event.fault}`;
    case 'dependency.recovered':
      return `${event.dependency} recovered from ${event.fault} (${event.reason})`;
    case 'link.toxic-added':
      return `${event.toxic} on the link of ${event.link}`;
    case 'link.toxic-removed':
      return `${event.toxic} taken off the link of ${event.link} (${event.reason})`;
    case 'fault.injected':
      return `${event.fault} injected into ${event.worker}`;
    case 'fault.refused':
      return `no ${event.fault} injected into ${event.worker}: ${event.reason}`;
    case 'gateway.disrupted':
      return `${event.gateway}: ${event.how}${formatFor(event.forMs)}`;
    case 'gateway.recovered':
      return `${event.gateway} is back (${event.how})${event.configVersion === undefined ? '' : `, with config version ${event.configVersion}`}`;
    case 'certificate.replaced':
      return event.as === 'valid'
        ? `${event.gateway}: certificate renewed`
        : `${event.gateway}: certificate ${event.as}${formatFor(event.forMs)}`;
    case 'rule.switched-off':
      return `${event.rule} switched off: its expressions took ${formatDuration(event.tookMs)}`;
    case 'fault.healed':
      return `${event.fault} of ${event.worker} healed (${event.reason})`;
    default:
      return fleetEventText(event);
  }
};

/** What a gateway without a scenario says of it: there the upstreams are the user's own, and their state is news. */
export const gatewayEventText = (event: Event): string | null => {
  switch (event.type) {
    case 'upstream.turned-unhealthy':
      return `${event.upstream} is unhealthy: ${event.reason}`;
    case 'upstream.turned-healthy':
      return `${event.upstream} is healthy`;
    case 'upstream.spared':
      return `${event.upstream} noticed by ${event.detector} (${seenText(event)}) and left in: ${event.reason}`;
    case 'upstream.drained':
      return `${event.upstream} is drained`;
    case 'upstream.undrained':
      return `${event.upstream} takes requests again`;
    case 'upstream.weighted':
      return `${event.upstream} has weight ${event.weight}`;
    case 'certificate.reloaded':
      return `certificate ${event.certificate} loaded anew`;
    case 'certificate.refused':
      return `certificate not taken, the one in use stays: ${event.reason}`;
    case 'cache.purged':
      return `cache: ${event.responses} answers ${event.soft ? 'made stale' : 'removed'}`;
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
