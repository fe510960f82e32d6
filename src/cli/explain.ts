/** `badgateway explain`: why a request failed, from a stored result. */
import pc from 'picocolors';
import { EXIT_CODES, usageError } from '../core/errors.js';
import { wrapText } from '../core/text-table.js';
import { type Explanation, explain } from '../scenarios/explain/explain.js';
import type { Result, SampledRequest, VariantResult } from '../scenarios/result.js';
import { flagValue } from './flags.js';
import { readResultFile } from './result-file.js';

type Flags = Readonly<Record<string, unknown>>;

const DEFAULT_COLUMNS = 100;
const MIN_COLUMNS = 40;
const TEXT_COLUMN = 11;

const raysOf = ({ rayId, attempts }: SampledRequest): string[] => [
  rayId,
  ...attempts.map((one) => one.rayId),
];

/** The request with that Ray ID, of whichever try. */
const findRequest = ({ variants }: Result, rayId: string): readonly [VariantResult, SampledRequest] => {
  for (const variant of variants) {
    const found = variant.requests.find((request) => raysOf(request).includes(rayId));
    if (found !== undefined) return [variant, found];
  }
  const kept = variants.reduce((sum, { requests }) => sum + requests.length, 0);
  throw usageError(
    `there is no failed request ${rayId} in this result; it holds a sample of ${kept}, listed by explain without a Ray ID`,
  );
};

const keyOf = ({ status, attempts }: SampledRequest): string =>
  `${status}, ${attempts.findLast(({ cause }) => cause !== '')?.cause ?? ''}`;

interface Group {
  readonly variant: VariantResult;
  readonly key: string;
  readonly requests: SampledRequest[];
}

/** Failures that are alike, the most frequent first. */
const groupsOf = (variant: VariantResult): Group[] => {
  const groups = new Map<string, SampledRequest[]>();
  for (const request of variant.requests) {
    const key = keyOf(request);
    groups.set(key, [...(groups.get(key) ?? []), request]);
  }
  return [...groups]
    .map(([key, requests]) => ({ variant, key, requests }))
    .sort((a, b) => b.requests.length - a.requests.length);
};

const columnsOf = (): number =>
  Math.max(MIN_COLUMNS, (process.stdout.isTTY ? process.stdout.columns : undefined) ?? DEFAULT_COLUMNS);

const explanationLines = ({ variant, rayId, because, steps, elsewhere }: Explanation): string[] => {
  const columns = columnsOf();
  return [
    `${pc.bold(rayId === '' ? 'no Ray ID: nobody answered' : rayId)}  ${pc.dim(variant)}`,
    ...wrapText(because, columns - 2, 0).map((line) => `  ${line}`),
    '',
    ...steps.flatMap(({ atMs, text }) => {
      const [first = '', ...more] = wrapText(text, columns - TEXT_COLUMN);
      const time = pc.dim(`${(atMs / 1_000).toFixed(3).padStart(8)}s`);
      return [`${time}  ${first}`, ...more.map((line) => `${' '.repeat(TEXT_COLUMN)}${line}`)];
    }),
    ...(elsewhere === null
      ? []
      : [
          '',
          `  in other words: Proxy-Status ${elsewhere.proxyStatus} · Envoy ${elsewhere.envoy} · HAProxy ${elsewhere.haproxy}`,
          ...wrapText(`nginx: ${elsewhere.nginx}`, columns - 4, 2).map((line) => `  ${line}`),
        ]),
    '',
  ];
};

const groupLines = (group: Group): string[] => {
  const { key, requests, variant } = group;
  const [one] = requests;
  const share = `${requests.length} of ${variant.requests.length} sampled failures: ${key.replaceAll('_', ' ')}`;
  return [pc.dim(`── ${variant.name}: ${share}`), ...explain(variant, [one!]).flatMap(explanationLines)];
};

/** @returns 0; a result without failed requests is told to be so. @throws UserError for what is not in the result. */
export const explainCommand = (file: string, rayId: string | undefined, flags: Flags): number => {
  const result = readResultFile(file);
  const wanted = flagValue(flags.variant);
  const variants = result.variants.filter(({ name }) => wanted === undefined || name === wanted);
  if (variants.length === 0) {
    throw usageError(
      `there is no variant "${wanted}" in ${file}; it has ${result.variants.map(({ name }) => name).join(', ')}`,
    );
  }
  if (rayId !== undefined) {
    const [variant, request] = findRequest({ ...result, variants }, rayId);
    const [explanation] = explain(variant, [request]);
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(explanation, null, 2)}\n`
        : `${explanationLines(explanation!).join('\n')}\n`,
    );
    return EXIT_CODES.pass;
  }
  if (flags.json) {
    const all = variants.flatMap((variant) => explain(variant, variant.requests));
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return EXIT_CODES.pass;
  }
  const groups = variants.flatMap(groupsOf);
  const text = groups.length === 0 ? 'No request failed.\n' : `${groups.flatMap(groupLines).join('\n')}\n`;
  process.stdout.write(text);
  return EXIT_CODES.pass;
};
