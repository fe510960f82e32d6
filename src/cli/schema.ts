/** `badgateway schema`: the JSON Schemas that editors and other programs need. */
import { BenchResultSchema } from '../bench/result.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { ComparisonResultSchema } from '../scenarios/compare/comparison-schema.js';
import { ResultSchema } from '../scenarios/result.js';
import { ScenarioSchema } from '../scenarios/scenario.js';
import { SweepResultSchema } from '../scenarios/sweep/sweep-result.js';

const SCHEMAS = {
  scenario: ScenarioSchema,
  result: ResultSchema,
  compare: ComparisonResultSchema,
  bench: BenchResultSchema,
  sweep: SweepResultSchema,
} as const;

export const schemaText = (kind: keyof typeof SCHEMAS): string =>
  `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...SCHEMAS[kind] }, null, 2)}\n`;

const isKind = (kind: string): kind is keyof typeof SCHEMAS => Object.hasOwn(SCHEMAS, kind);

export const printSchema = (kind: string): number => {
  if (!isKind(kind)) {
    throw new UserError(
      'usage',
      `there is a schema of ${Object.keys(SCHEMAS).join(' and of ')}, not of "${kind}"`,
    );
  }
  process.stdout.write(schemaText(kind));
  return EXIT_CODES.pass;
};
