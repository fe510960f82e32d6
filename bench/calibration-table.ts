/** What both engines did in the calibration's scenarios, as Markdown. */
import {
  type CalibratedRun,
  type CalibratedWindow,
  compareEngines,
  errorsOf,
  type Measured,
  runsOf,
  variantsOf,
  windowOf,
} from './calibration.js';

/** The window in which the scenarios differ most from a quiet day. */
const SHOWN = 'outage';

const rangeOf = (runs: readonly CalibratedRun[]): string => {
  const values = runs.map(({ windows }) => Math.round(windows[SHOWN]!.availability * 100));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? String(low) : `${low}–${high}`;
};

const latenciesOf = ({ p50, p99 }: CalibratedWindow): string => `${p50.toFixed(0)} / ${p99.toFixed(0)}`;

const orderOf = (runs: readonly CalibratedRun[]): string =>
  errorsOf(runs)
    .map(({ status }) => status)
    .join(', ') || '–';

const rowOf = (name: string, real: readonly CalibratedRun[], virtual: readonly CalibratedRun[]): string => {
  const cells = [
    `\`${name.replace('.yaml', '')}\``,
    real[0]!.variant,
    rangeOf(real),
    rangeOf(virtual),
    latenciesOf(windowOf(real, SHOWN)),
    latenciesOf(windowOf(virtual, SHOWN)),
    orderOf(real),
    orderOf(virtual),
    compareEngines(real, virtual).join('; ') || '',
  ];
  return `| ${cells.join(' | ')} |`;
};

export const calibrationTable = (
  { host, files }: Measured,
  virtual: Readonly<Record<string, readonly CalibratedRun[]>>,
): string => {
  const dates = Object.values(files).flatMap(({ runs }) =>
    runs.map(({ startedAt }) => startedAt.slice(0, 10)),
  );
  const rows = Object.entries(files).flatMap(([name, { runs }]) =>
    variantsOf(runs).map((variant) => rowOf(name, runsOf(runs, variant), runsOf(virtual[name]!, variant))),
  );
  return [
    `Measured on ${dates.toSorted().at(-1)}: ${host.cpus} × ${host.cpu}, Node ${host.node}.`,
    '',
    '| scenario | variant | availability, real | virtual | p50 / p99, real | virtual | errors, real | virtual | outside |',
    '|---|---|---:|---:|---:|---:|---|---|---|',
    ...rows,
    '',
  ].join('\n');
};
