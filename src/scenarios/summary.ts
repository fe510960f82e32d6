/** The variants of a result beside each other: one row a measure, one column a variant. */
import { formatDuration, formatRatio } from '../core/units.js';
import { WHOLE_RUN } from './metrics.js';
import type { VariantResult } from './result.js';

const percent = (ratio: number | null | undefined): string =>
  ratio === null || ratio === undefined ? '–' : formatRatio(ratio);

const recoveredText = (variant: VariantResult): string => {
  if (variant.recoveredMs === null) return 'never';
  return variant.recoveredMs === 0 ? 'not needed' : `at ${formatDuration(variant.recoveredMs)}`;
};

const ERROR_STATUSES = ['502', '503', '504', 'none'] as const;

/** The first row is the header; every row begins with what it is about. */
export const summaryRows = (variants: readonly VariantResult[]): string[][] => {
  const windows = Object.keys(variants[0]?.windows ?? {}).filter((name) => name !== WHOLE_RUN);
  const errorWindow = windows.includes('outage') ? 'outage' : WHOLE_RUN;
  const inWindow = errorWindow === 'outage' ? ' in outage' : '';
  const row = (title: string, cell: (variant: VariantResult) => string): string[] => [
    title,
    ...variants.map(cell),
  ];
  return [
    row('', ({ name }) => name),
    ...(windows.length === 0 ? [WHOLE_RUN] : windows).map((window) =>
      row(`availability, ${window}`, (variant) => percent(variant.windows[window]?.availability)),
    ),
    ...ERROR_STATUSES.map((status) =>
      row(`${status === 'none' ? 'no answer' : status}${inWindow}`, (variant) =>
        String(variant.windows[errorWindow]?.status[status] ?? 0),
      ),
    ),
    row(`p99${inWindow}`, (variant) => formatDuration(variant.windows[errorWindow]?.latencyMs.p99 ?? 0)),
    row('tries per request', (variant) => variant.windows[errorWindow]?.amplification?.toFixed(2) ?? '–'),
    row(`work for nobody${inWindow}`, (variant) => percent(variant.windows[errorWindow]?.wasted)),
    row('workers lost', (variant) => `${variant.workersLost} of ${variant.series[0]?.workers.length ?? 0}`),
    row('deaths', (variant) => String(variant.crashes)),
    row('good again', recoveredText),
  ];
};
