/** Why one request failed: the chain of causes with times, and the same failure in the words of others. */
import { formatDuration } from '../../../core/units.js';
import { EventList } from '../parts/event-list.js';
import { Table } from '../parts/table.js';
import type { RequestData } from './report-data.js';

export interface Chosen {
  readonly variant: string;
  readonly request: RequestData;
}

export const answerText = ({ status }: Pick<RequestData, 'status'>): string =>
  status === 0 ? 'no answer' : String(status);

export const causeWords = ({ cause }: Pick<RequestData, 'cause'>): string => cause.replaceAll('_', ' ');

const elsewhereRows = ({ elsewhere }: RequestData) =>
  elsewhere === null
    ? []
    : [
        [
          'Proxy-Status (RFC 9209)',
          elsewhere.proxyStatus === '' ? 'has no type for it' : `error=${elsewhere.proxyStatus}`,
        ],
        ['Envoy’s response flag', elsewhere.envoy],
        ['HAProxy’s termination state', elsewhere.haproxy],
        ['nginx’s error log', elsewhere.nginx],
      ];

export const RequestDetail = ({ variant, request }: Chosen) => {
  const { id, rayIds, arrivalMs, tookMs, tries, because, steps, log } = request;
  const ray = rayIds.at(-1);
  const rows = elsewhereRows(request);
  return (
    <article class="request" id={`request-${id}`}>
      <h3>{ray === undefined ? 'No Ray ID: nobody answered' : <span class="mono">{ray}</span>}</h3>
      <p class="soft">
        {variant} · meant to be sent at {(arrivalMs / 1_000).toFixed(3)} s · {answerText(request)} after{' '}
        {formatDuration(tookMs)} · {tries} {tries === 1 ? 'try' : 'tries'}
      </p>
      <p class="lead">{because}</p>
      <EventList events={steps.map(([atMs, text]) => ({ t: atMs / 1_000, text }))} digits={3} />
      {rows.length > 0 && (
        <>
          <h4>The same failure in other words</h4>
          <Table
            label="The same failure in other words"
            head={['who', 'says']}
            rows={rows.map(([who, says]) => [who, <code key="says">{says}</code>])}
            words
          />
        </>
      )}
      {log.length > 0 && (
        <>
          <h4>The proxy’s own log</h4>
          {log.map((line, index) => (
            <p key={index}>
              <code>{line}</code>
            </p>
          ))}
        </>
      )}
      {ray !== undefined && (
        <p class="soft">
          In a terminal: <code>badgateway explain RESULT.json {ray}</code>
        </p>
      )}
    </article>
  );
};
