/** What a status page says of an incident, in plain words: what is so, and nothing that is only hoped. */
import { formatDuration, formatRatio } from '../../core/units.js';
import type { IncidentState } from '../incident/status.js';
import type { Incident } from './incident-log.js';
import type { ComponentReading } from './messages.js';

/** The component that says most, the nearest to the clients first. */
const BY_GROUP = {
  Edge: 'The edge is down',
  Gateway: 'The gateway is down',
  Workers: 'No worker is fit to serve',
} as const;

/** What it is called, from what is known when it is opened. */
export const titleOf = (components: readonly ComponentReading[]): string => {
  for (const [group, title] of Object.entries(BY_GROUP)) {
    const own = components.filter((one) => one.group === group);
    if (own.length > 0 && own.every(({ state }) => state === 'major_outage')) return title;
  }
  const clients = components.find(({ group }) => group === 'Clients');
  return clients?.state === 'major_outage' ? 'Most requests fail' : 'Some requests fail';
};

const countText = (count: number): string => count.toLocaleString('en-US');

export const reportsText = (count: number): string =>
  `${countText(count)} ${count === 1 ? 'person' : 'people'} reported it`;

export const shareText = ({ ended, failed }: Pick<Incident, 'ended' | 'failed'>): string =>
  `${countText(failed)} of ${countText(ended)} requests failed (${formatRatio(ended === 0 ? 0 : failed / ended)})`;

export interface UpdateFacts {
  readonly incident: Pick<Incident, 'startedMs' | 'recoveredMs' | 'ended' | 'failed' | 'reportCount'>;
  readonly identified: string | null;
  readonly isReopened: boolean;
}

const lengthText = ({ startedMs, recoveredMs }: UpdateFacts['incident']): string =>
  recoveredMs === null ? '' : ` Users were hurt for ${formatDuration(Math.max(0, recoveredMs - startedMs))}.`;

export const updateText = (
  state: IncidentState,
  { incident, identified, isReopened }: UpdateFacts,
): string => {
  switch (state) {
    case 'investigating':
      return isReopened
        ? 'Requests fail again. We are investigating.'
        : 'We are aware that requests fail, and are investigating.';
    case 'identified':
      return `The cause is believed to be known: ${identified}.`;
    case 'monitoring':
      return 'At least 99 % of the requests are good again. We are watching whether it stays so.';
    case 'resolved':
      return `This incident is resolved.${lengthText(incident)} ${shareText(incident)}.`;
    case 'postmortem': {
      const { reportCount } = incident;
      const reports = reportCount === 0 ? '' : ` ${reportsText(reportCount)}.`;
      return `It did not come back.${lengthText(incident)} ${shareText(incident)}.${reports}`;
    }
  }
};

/** The run ended in the middle of it. */
export const endedText = (): string => 'The run ended before service was good again.';
