/** The measured tables as Markdown. */
import { type Estimate, medianOf, type Plan, type TargetResult } from 'badgateway';

export interface Row {
  readonly name: string;
  readonly result: TargetResult;
  /** Processor time per request, of that of the reference. */
  readonly ratio: Estimate;
  /** The same of each run by itself. */
  readonly byRun: readonly number[];
}

export interface Table {
  readonly title: string;
  readonly reference: string;
  readonly rows: readonly Row[];
}

export interface Measured {
  readonly startedAt: string;
  readonly host: {
    readonly cpu: string;
    readonly cpus: number;
    readonly node: string;
    readonly pinned: boolean;
  };
  readonly plan: Plan;
  /** How often the peers were measured. */
  readonly runs: number;
  readonly missing: readonly string[];
  readonly tables: readonly Table[];
  readonly policies: Table;
}

const MEBIBYTE = 1024 ** 2;

/** A target less busy than this could have done more. */
const BUSY_CORES = 0.9;

const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');

const rowText = ({ name, result, ratio, byRun }: Row): string => {
  const { cpu, rps, memory } = result.summary;
  const p99 = result.summary['latency.p99'];
  // Where the target idles, its rate is that of who loads it.
  const idle = medianOf(result.trials.flat().map(({ cores }) => cores ?? 1)) < BUSY_CORES;
  const cells = [
    name,
    `${ratio.value.toFixed(2)} (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`,
    ...(byRun.length > 1 ? [byRun.map((value) => value.toFixed(2)).join(' · ')] : []),
    cpu === null
      ? '-'
      : `${(cpu.median * 1000).toFixed(1)} (${(cpu.min * 1000).toFixed(0)}–${(cpu.max * 1000).toFixed(0)})`,
    rps === null ? '-' : `${idle ? '≥ ' : ''}${whole(rps.median)}`,
    p99 === null ? '-' : p99.median.toFixed(1),
    memory === null ? '-' : whole(memory.median / MEBIBYTE),
  ];
  return `| ${cells.join(' | ')} |`;
};

const tableText = ({ title, reference, rows }: Table): string => {
  const severalRuns = rows[0]!.byRun.length > 1;
  const head = [
    '',
    `CPU per request, of ${reference}`,
    ...(severalRuns ? ['in each run'] : []),
    'µs (min–max)',
    'requests/s',
    'p99, ms',
    'MiB',
  ];
  return [
    `### ${title}`,
    '',
    `| ${head.join(' | ')} |`,
    `|---|${'---:|'.repeat(head.length - 1)}`,
    ...rows.map(rowText),
    '',
  ].join('\n');
};

export const toMarkdown = ({ startedAt, host, plan, runs, missing, tables, policies }: Measured): string => {
  const lines = [
    `Measured on ${startedAt.slice(0, 10)}: ${host.cpus} × ${host.cpu}, Node ${host.node}, ` +
      `${host.pinned ? 'the target on a processor of its own' : 'processes not pinned'}; ${plan.trials} processes of ` +
      `each, one after another, each ${plan.rounds} rounds of ${plan.roundMs / 1000} s after ${plan.warmupMs / 1000} s of ` +
      'warm-up; rounds of all take turns; every proxy on Node with the same flags of V8. In brackets the 95 % interval ' +
      'of the ratio, and the spread of the trials. `≥`: the target was not busy all the time, so the load generator or ' +
      'the origin was the limit.',
    ...(runs > 1
      ? [`The peers were measured ${runs} times, from the start each time; the policies once.`]
      : []),
    ...(missing.length > 0 ? [`Not installed, so not measured: ${missing.join(', ')}.`] : []),
    '',
    ...tables.map(tableText),
    tableText({ ...policies, title: 'What the policies add (small-get)' }),
  ];
  return lines.join('\n');
};
