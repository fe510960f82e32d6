/** A result: verdict, variants side by side, what happened, what failed and why. */
import { useEffect, useMemo } from 'preact/hooks';
import { TimeCursor } from '../parts/cursor.js';
import { Table } from '../parts/table.js';
import { CurvesSection } from './curves-section.js';
import { Overview } from './overview.js';
import './report.css';
import type { ReportData } from './report-data.js';
import { RequestsSection } from './requests-section.js';
import { SummarySection, ThresholdsSection } from './summary-section.js';
import { VariantSection } from './variant-section.js';

const anchor = (name: string): string => `#variant-${encodeURIComponent(name)}`;

const Contents = ({ report }: { readonly report: ReportData }) => (
  <nav class="contents screen" aria-label="Contents">
    <ul>
      <li>
        <a href="#summary">Summary</a>
      </li>
      {report.variants.length > 0 && (
        <li>
          <a href="#curves">Curves</a>
        </li>
      )}
      {report.thresholds.length > 0 && (
        <li>
          <a href="#thresholds">Thresholds</a>
        </li>
      )}
      {report.variants.map(({ name }) => (
        <li key={name}>
          <a href={anchor(name)}>{name}</a>
        </li>
      ))}
      <li>
        <a href="#requests">Failed requests</a>
      </li>
      <li>
        <a href="#about">About this run</a>
      </li>
    </ul>
  </nav>
);

const Skipped = ({ name, target, reasons }: ReportData['skipped'][number]) => (
  <section id={`variant-${name}`}>
    <h2>
      {name} <span class="soft">not run{target === '' ? '' : ` at ${target}`}</span>
    </h2>
    <p>Its thresholds are skipped:</p>
    <ul>
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  </section>
);

const About = ({ report: { about, thinned, name } }: { readonly report: ReportData }) => (
  <section id="about">
    <h2>About this run</h2>
    <Table label="How it was run" head={['', '']} rows={about} words />
    {thinned.length > 0 && (
      <>
        <h3>Left out to keep this page small</h3>
        <ul>
          {thinned.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </>
    )}
    <p class="soft">
      Requests stand at the moment they were meant to be sent, and latency counts from there. The same run
      again: <code>badgateway run {name}</code>
    </p>
  </section>
);

/** Where the address says so, once there is something to go to. */
const useAnchor = (): void => {
  useEffect(() => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id !== '') document.getElementById(id)?.scrollIntoView();
  }, []);
};

export const ReportView = ({ report }: { readonly report: ReportData }) => {
  const cursor = useMemo(() => new TimeCursor(), []);
  useAnchor();
  const { variants, skipped } = report;
  return (
    <main class="report">
      <Overview report={report} />
      <Contents report={report} />
      <SummarySection report={report} />
      {variants.length > 0 && <CurvesSection variants={variants} cursor={cursor} />}
      <ThresholdsSection thresholds={report.thresholds} />
      {variants.map((variant) => (
        <VariantSection key={variant.name} variant={variant} cursor={cursor} />
      ))}
      {skipped.map((one) => (
        <Skipped key={`${one.name} ${one.target}`} {...one} />
      ))}
      <RequestsSection variants={variants} />
      <About report={report} />
    </main>
  );
};
