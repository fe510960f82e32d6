/** What a reader wants to know first: the verdict, and what made the difference. */
import { VerdictBadge } from '../parts/verdict.js';
import type { ReportData } from './report-data.js';

const Lines = ({ lines }: { readonly lines: readonly string[] }) =>
  lines.length === 0 ? null : (
    <ul>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );

/** How many thresholds hold, of those that were checked. */
const Held = ({ thresholds }: Pick<ReportData, 'thresholds'>) => {
  const checked = thresholds.filter(({ pass }) => pass !== null);
  if (checked.length === 0) return null;
  const held = checked.filter(({ pass }) => pass === true).length;
  return (
    <>
      {' '}
      {held} of {checked.length} thresholds hold
    </>
  );
};

export const Overview = ({ report }: { readonly report: ReportData }) => {
  const { title, run, verdict, isPartial, reasons, text, conclusions, thresholds, variants, skipped } =
    report;
  return (
    <header>
      <h1>{title}</h1>
      <p class="soft">{run.join(' · ')}</p>
      <p>
        <VerdictBadge verdict={verdict} />
        <Held thresholds={thresholds} />
        {isPartial && <b> The run was interrupted: these are partial results.</b>}
      </p>
      {variants.length === 0 && skipped.length === 0 && <p>Interrupted before anything was measured.</p>}
      <Lines lines={reasons} />
      {conclusions.map(({ sentence, lines }) => (
        <div key={sentence} class="conclusion">
          <p class="lead">{sentence}</p>
          <Lines lines={lines} />
        </div>
      ))}
      {text !== '' && <p class="tale">{text}</p>}
    </header>
  );
};
