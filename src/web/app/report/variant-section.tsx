/** One variant: what happened, the incident, alerts, and what clients got of it. */
import type { ComponentChildren } from 'preact';
import type { TimeCursor } from '../parts/cursor.js';
import { EventList } from '../parts/event-list.js';
import { Table } from '../parts/table.js';
import { VerdictBadge } from '../parts/verdict.js';
import type { Rows, VariantData } from './report-data.js';
import { RowsTable } from './summary-section.js';

interface PartProps {
  readonly title: string;
  /** Of whom, for whoever meets the table by itself. */
  readonly of: string;
  readonly rows: Rows;
  readonly words?: boolean;
  readonly children?: ComponentChildren;
}

/** A titled table; nothing where it has no rows. */
const Part = ({ title, of, rows, words = false, children }: PartProps) =>
  rows.length === 0 ? null : (
    <div class="part">
      <h3>{title}</h3>
      <RowsTable label={`${title}, ${of}`} rows={rows} words={words} />
      {children}
    </div>
  );

const Alerts = ({ name, alerts }: Pick<VariantData, 'name' | 'alerts'>) =>
  alerts.length === 0 ? null : (
    <div class="part">
      <h3>Alerts</h3>
      <Table
        label={`Alerts, ${name}`}
        head={['rule', 'raised', 'lead time', 'cleared', 'because']}
        rows={alerts.map(({ rule, raised, lead, cleared, reason }) => [
          <span key="rule" class="nowrap">
            {rule}
          </span>,
          raised,
          <span key="lead" class="nowrap">
            {lead}
          </span>,
          cleared,
          reason,
        ])}
        words
      />
      <p class="soft">Lead time is against the moment at which users were first hurt.</p>
    </div>
  );

const Incident = ({ name, incident, suspects }: VariantData) => {
  const [head = [], ...rows] = incident;
  return (
    <Part
      title="The incident, by what was measured and by what was published"
      of={name}
      rows={incident.length === 0 ? [] : [['', ...head.slice(1)], ...rows]}
    >
      {suspects !== '' && <p class="soft">{suspects}</p>}
    </Part>
  );
};

export const VariantSection = ({
  variant,
  cursor,
}: {
  readonly variant: VariantData;
  readonly cursor: TimeCursor;
}) => {
  const { name, verdict, headline, target, story } = variant;
  const of = name;
  return (
    <section id={`variant-${name}`} class="variant">
      <h2>
        {name} <VerdictBadge verdict={verdict} />{' '}
        <span class="soft">
          {headline}
          {target === '' ? '' : `, through ${target}`}
        </span>
      </h2>
      <div class="parts">
        <div class="part">
          <h3>What happened</h3>
          <EventList events={story} cursor={cursor} />
        </div>
        <Incident {...variant} />
        <Alerts name={name} alerts={variant.alerts} />
        <Part title="What clients got, by window" of={of} rows={variant.byWindow} />
        <Part title="What requests failed of, by window" of={of} rows={variant.causes} words />
        <Part title="By whose requests they were" of={of} rows={variant.groups} words />
        <Part title="Users" of={of} rows={variant.populations} />
        <Part title="Floods" of={of} rows={variant.floods} words />
        <Part title="Whether the machine kept up" of={of} rows={variant.machine} />
        <Part title="Your upstreams" of={of} rows={variant.upstreams} words />
        <Part
          title={`What ${target === '' ? 'the gateway' : target} does not do of this, or does otherwise`}
          of={of}
          rows={variant.losses}
          words
        />
      </div>
    </section>
  );
};
