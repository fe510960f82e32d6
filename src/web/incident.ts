/** The incident and the alerts of a variant as HTML; nothing where there were none. */
import { escapeHtml } from '../core/html.js';
import { formatDuration } from '../core/units.js';
import { incidentRows, suspectsText } from '../scenarios/incident/incident-rows.js';
import type { VariantResult } from '../scenarios/result.js';
import { htmlTable } from './table.js';

export const incidentHtml = (variant: VariantResult): string => {
  const [header, ...rows] = incidentRows(variant);
  if (header === undefined) return '';
  const suspects = suspectsText(variant);
  const below = suspects === '' ? '' : `<p class="soft">${escapeHtml(suspects)}</p>`;
  return `<h3>The incident, by what was measured and by what was published</h3>${htmlTable([['', ...header.slice(1)], ...rows])}${below}`;
};

export const alertsHtml = ({ alerts }: VariantResult): string =>
  alerts.length === 0
    ? ''
    : `<h3>Alerts</h3>${htmlTable([
        ['rule', 'raised', 'cleared', 'because'],
        ...alerts.map(({ rule, raisedMs, clearedMs, reason }) => [
          rule,
          formatDuration(raisedMs),
          clearedMs === null ? 'not before the end' : formatDuration(clearedMs),
          reason,
        ]),
      ])}`;
