/** A result as what its page shows: text wherever it takes knowledge of scenarios, numbers where curves are drawn. */
import { formatRatio } from '../../core/units.js';
import { incidentRows, suspectsText } from '../../scenarios/incident/incident-rows.js';
import { WHOLE_RUN } from '../../scenarios/metrics/metrics.js';
import { differencesOf, replicationReasons, replicationRows } from '../../scenarios/replications/report.js';
import { causalSentence } from '../../scenarios/report/cascade.js';
import { conclude, tellVariant } from '../../scenarios/report/story.js';
import { summaryRows } from '../../scenarios/report/summary.js';
import type { Result, VariantResult } from '../../scenarios/result.js';
import { byTarget } from '../../scenarios/targets/names.js';
import type { TimeSpan } from '../app/parts/plot-data.js';
import type {
  ReplicationData,
  ReportData,
  Rows,
  ThresholdData,
  VariantData,
} from '../app/report/report-data.js';
import { curvesOf, MAX_WORKERS } from './curves.js';
import { lanesOf } from './lanes.js';
import { marksOf } from './marks.js';
import { requestsOf } from './requests.js';
import {
  alertsOf,
  causeRows,
  floodRows,
  groupRows,
  lossRows,
  machineRows,
  populationRows,
  upstreamRows,
  windowRows,
} from './tables.js';

/** How much of a result is in its page. */
export interface ReportLimits {
  /** Of each curve; more buckets are merged. */
  readonly maxPoints: number;
  /** Failed requests of each variant; of more, so many are chosen, spread over the run. */
  readonly maxRequests: number;
}

const headlineOf = ({ windows }: VariantResult): string => {
  const outage = windows.outage?.availability;
  if (outage !== undefined && outage !== null) return `availability in the outage ${formatRatio(outage)}`;
  const whole = windows[WHOLE_RUN]?.availability;
  return whole === undefined || whole === null ? '' : `availability ${formatRatio(whole)}`;
};

const spansOf = ({ windows }: VariantResult): TimeSpan[] =>
  Object.entries(windows)
    .filter(([name]) => name !== WHOLE_RUN)
    .map(([name, { fromMs, toMs }]) => ({ name, fromS: fromMs / 1_000, toS: toMs / 1_000 }));

interface Made {
  readonly data: VariantData;
  readonly thinned: readonly string[];
}

const thinnedOf = (variant: VariantResult, merged: number, requests: number): string[] => {
  const { name, bucketMs, series } = variant;
  const workers = series[0]?.workers.length ?? 0;
  return [
    ...(merged > 1
      ? [
          `${name}: each point of a curve is ${merged} buckets of ${bucketMs} ms; requests are added up, of everything else the highest is shown`,
        ]
      : []),
    ...(workers > MAX_WORKERS
      ? [`${name}: ${MAX_WORKERS} of ${workers} workers are shown, those that died or got a fault first`]
      : []),
    ...(requests < variant.requests.length
      ? [`${name}: ${requests} of the ${variant.requests.length} failed requests of the result are here`]
      : []),
  ];
};

const variantData = (variant: VariantResult, limits: ReportLimits, taken: Set<string>): Made => {
  const { curves, merged } = curvesOf(variant, limits.maxPoints);
  const requests = requestsOf(variant, limits.maxRequests, taken);
  const data: VariantData = {
    name: variant.name,
    verdict: variant.verdict,
    target: variant.target ?? '',
    isPartial: variant.partial,
    headline: headlineOf(variant),
    durationS: variant.durationMs / 1_000,
    windows: spansOf(variant),
    marks: marksOf(variant),
    story: tellVariant(variant),
    curves,
    lanes: lanesOf(variant),
    incident: incidentRows(variant),
    suspects: suspectsText(variant),
    alerts: alertsOf(variant),
    byWindow: windowRows(variant),
    causes: causeRows(variant),
    groups: groupRows(variant),
    populations: populationRows(variant),
    floods: floodRows(variant),
    machine: machineRows(variant),
    upstreams: upstreamRows(variant),
    losses: lossRows(variant),
    requests,
    sampled: variant.requests.length,
  };
  return { data, thinned: thinnedOf(variant, merged, requests.length) };
};

const thresholdsOf = ({ variants, skippedVariants = [] }: Result): ThresholdData[] => [
  ...variants.flatMap(({ name, thresholds, skippedThresholds }): ThresholdData[] => [
    ...thresholds.map(({ expression, observedText, expectedText, pass }) => ({
      ...{ variant: name, expression, observed: observedText, expected: expectedText, pass },
    })),
    ...skippedThresholds.map(({ expression, reason }) => ({
      ...{ variant: name, expression, observed: reason, expected: '', pass: null },
    })),
  ]),
  ...skippedVariants.flatMap(({ name, reasons, thresholds }) =>
    thresholds.map((expression) => ({
      ...{ variant: name, expression, observed: reasons.join('; '), expected: '', pass: null },
    })),
  ),
];

const replicationOf = ({ replications }: Result): ReplicationData | null => {
  if (replications === undefined) return null;
  const { seeds, variants } = replications;
  const { found, notes } = differencesOf(replications);
  const thresholds = variants.flatMap(({ name, thresholds: own }) =>
    own.map(({ expression, passed }) => [
      name,
      expression,
      `${passed === seeds.length ? '✓' : '✗'} held in ${passed} of ${seeds.length}`,
    ]),
  );
  return {
    title: `${seeds.length} replications, seeds ${seeds[0]} to ${seeds.at(-1)}: the median, and the least and the most`,
    rows: replicationRows(replications),
    thresholds: thresholds.length === 0 ? [] : [['variant', 'threshold', 'over all seeds'], ...thresholds],
    found,
    notes,
  };
};

const reasonsOf = ({ variants, replications }: Result): string[] =>
  replications === undefined
    ? variants.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`))
    : replicationReasons(replications).map((line) => line.trim());

/** `nginx 1.22.1`; empty for the built-in gateway. */
const throughText = ({ target, host: { proxies = {} } }: Result): string =>
  target === 'gateway'
    ? ''
    : target
        .split(',')
        .map((name) => (proxies[name] === undefined ? name : `${name} ${proxies[name]}`))
        .join(', ');

const ENGINE_TEXT: Readonly<Record<Result['engine'], string>> = {
  real: 'real processes',
  virtual: 'virtual time',
};

const runTexts = (result: Result): string[] => {
  const { scenario, engine, seed, startedAt, host } = result;
  const through = throughText(result);
  return [
    scenario.name,
    ENGINE_TEXT[engine],
    ...(through === '' ? [] : [`through ${through}`]),
    `seed ${seed}`,
    startedAt,
    `Node ${host.node}, ${host.cpus} cores`,
  ];
};

const aboutRows = (result: Result): Rows => {
  const { scenario, host, engine, seed, startedAt } = result;
  const list = (named: Readonly<Record<string, string>>): string =>
    Object.entries(named)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  return [
    ['scenario', scenario.name],
    ...(scenario.reproduces.length === 0 ? [] : [['reproduces', scenario.reproduces.join(', ')]]),
    ['engine', ENGINE_TEXT[engine]],
    ['in the gateway’s place', throughText(result) || 'the built-in gateway'],
    ['seed', String(seed)],
    ['started at', startedAt],
    ['machine', `${host.platform}, ${host.cpus} cores, Node ${host.node}`],
    ['dependencies', list(host.dependencies)],
  ];
};

export const makeReport = (result: Result, limits: ReportLimits): ReportData => {
  const { scenario, variants, skippedVariants = [] } = result;
  const taken = new Set<string>();
  const made = variants.map((variant) => variantData(variant, limits, taken));
  return {
    title: scenario.title,
    name: scenario.name,
    text: scenario.story,
    engine: result.engine,
    verdict: result.verdict,
    isPartial: variants.some(({ partial }) => partial),
    reasons: reasonsOf(result),
    conclusions: byTarget(variants).map((own) => ({
      sentence: causalSentence({ variants: own }),
      lines: conclude({ variants: own }),
    })),
    summary: variants.length === 0 ? [] : summaryRows(variants),
    thresholds: result.replications === undefined ? thresholdsOf(result) : [],
    replications: replicationOf(result),
    variants: made.map(({ data }) => data),
    skipped: skippedVariants.map(({ name, target, reasons }) => ({ name, target, reasons })),
    run: runTexts(result),
    about: aboutRows(result),
    thinned: made.flatMap(({ thinned }) => thinned),
  };
};
