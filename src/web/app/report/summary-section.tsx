/** The variants beside each other in figures, and what was to be proven. */
import { Table } from '../parts/table.js';
import { Holds } from '../parts/verdict.js';
import type { ReplicationData, ReportData, Rows, ThresholdData } from './report-data.js';

/** Rows whose first is the head; nothing where there are none. */
export const RowsTable = ({
  label,
  rows,
  words = false,
}: {
  readonly label: string;
  readonly rows: Rows;
  readonly words?: boolean;
}) => {
  const [head, ...body] = rows;
  return head === undefined ? null : <Table label={label} head={head} rows={body} words={words} />;
};

const Result = ({ pass }: Pick<ThresholdData, 'pass'>) =>
  pass === null ? <span class="soft">– skipped</span> : <Holds pass={pass} />;

/** What was to be proven, and what was observed. */
export const ThresholdsSection = ({ thresholds }: Pick<ReportData, 'thresholds'>) =>
  thresholds.length === 0 ? null : (
    <section id="thresholds">
      <h2>Thresholds</h2>
      <Table
        label="Thresholds"
        head={['threshold', '', 'observed', 'against', 'variant']}
        rows={thresholds.map(({ expression, pass, observed, expected, variant }) => [
          <code key="expression">{expression}</code>,
          <Result key="result" pass={pass} />,
          observed,
          expected,
          variant,
        ])}
        words
      />
    </section>
  );

const Replications = ({ title, rows, thresholds, found, notes }: ReplicationData) => (
  <>
    <h3>Replications</h3>
    <p>{title}</p>
    <RowsTable label="Replications" rows={rows} />
    {thresholds.length > 0 && (
      <>
        <h3>Thresholds over all replications</h3>
        <RowsTable label="Thresholds over all replications" rows={thresholds} words />
      </>
    )}
    {found.length > 0 && (
      <>
        <h3>Differences by more than chance</h3>
        <ul>
          {found.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </>
    )}
    {notes.map((note) => (
      <p key={note} class="soft">
        {note}
      </p>
    ))}
  </>
);

export const SummarySection = ({ report }: { readonly report: ReportData }) => (
  <section id="summary">
    <h2>Summary</h2>
    <RowsTable label="The variants side by side" rows={report.summary} />
    {report.replications !== null && <Replications {...report.replications} />}
  </section>
);
