/**
 * A part of `npm run bench`, and `npm run bench:errors` alone: what it costs to make the answer to a request that failed, in each
 * of its forms. The forms take turns, so that a neighbour on the machine disturbs all alike.
 */
import { type ErrorPage, medianOf, renderErrorJson, renderErrorPage, renderErrorText } from 'badgateway';
import { writePart } from './page.js';

const FORMS = {
  'HTML page': renderErrorPage,
  'problem+json': renderErrorJson,
  'plain text': renderErrorText,
} as const;

type FormName = keyof typeof FORMS;

const NAMES = Object.keys(FORMS) as FormName[];

/** Everything that a page can have. */
const PAGE: ErrorPage = {
  status: 503,
  code: 'BGW_ERR_CIRCUIT_OPEN',
  method: 'GET',
  host: 'shop.example.com',
  viaEdge: false,
  clientAddress: '2405:201:c013:11:4837:295d:72:bc48',
  location: 'FRA',
  rayId: '7c771cb9e9ea0814',
  atMs: Date.UTC(2024, 10, 8, 12, 6),
  recovery: { afterMs: 4_200, source: 'circuit' },
  statusPage: 'https://status.example.com',
  reports: true,
};

const ROUNDS = 25;
const PER_ROUND = 10_000;
const WARMUP = 50_000;

export interface FormCost {
  readonly name: FormName;
  readonly bytes: number;
  /** Processor time of one, microseconds: the median round. */
  readonly cpuUs: number;
  /** Of the slowest hundredth, on the clock, microseconds. */
  readonly p99Us: number;
}

/** Of each page its length counts too, as it is counted for `Content-Length`. */
const make = (name: FormName, count: number): number => {
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    bytes += Buffer.byteLength(FORMS[name]({ ...PAGE, atMs: PAGE.atMs + index }));
  }
  return bytes;
};

const roundUs = (name: FormName): number => {
  const before = process.cpuUsage();
  make(name, PER_ROUND);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / PER_ROUND;
};

const p99Us = (name: FormName): number => {
  const times = Array.from({ length: PER_ROUND }, () => {
    const startMs = performance.now();
    make(name, 1);
    return (performance.now() - startMs) * 1_000;
  });
  return times.sort((a, b) => a - b)[Math.floor(PER_ROUND * 0.99)]!;
};

export const measureErrors = (): FormCost[] => {
  for (const name of NAMES) make(name, WARMUP);
  const rounds = Array.from({ length: ROUNDS }, () => NAMES.map(roundUs));
  return NAMES.map((name, index) => ({
    name,
    bytes: make(name, 1),
    cpuUs: medianOf(rounds.map((round) => round[index]!)),
    p99Us: p99Us(name),
  }));
};

const MICROSECONDS_IN_SECOND = 1_000_000;

/** A thousand failures a second are a bad day of one gateway. */
const BAD_DAY_RPS = 1_000;

export const errorsMarkdown = (costs: readonly FormCost[]): string => {
  const text = costs.at(-1)!;
  const rows = costs.map(({ name, bytes, cpuUs, p99Us }) => {
    const share = (cpuUs * BAD_DAY_RPS * 100) / MICROSECONDS_IN_SECOND;
    const cells = [
      name,
      bytes,
      cpuUs.toFixed(2),
      (cpuUs / text.cpuUs).toFixed(1),
      p99Us.toFixed(1),
      `${share.toFixed(2)} %`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| answer | bytes | µs of processor time | to plain text | p99, µs | of a processor at 1,000 errors a second |',
    '|---|---:|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
};

export const writeErrors = (costs: readonly FormCost[]): void =>
  writePart(new URL('../../docs/performance.md', import.meta.url), 'errors', errorsMarkdown(costs));
