/** Checks the attributes of a toxic, whoever wrote them: a scenario file or a client of the HTTP API. */
import { type AttributeProblem, MAX_ATTRIBUTE } from './toxic.js';
import { TOXICS, type ToxicType } from './toxics/toxics.js';

/** Attributes as they are written. */
export type WrittenAttributes = Readonly<Record<string, unknown>>;

export type Attributes = Readonly<Record<string, number>>;

const rangeProblem = (type: ToxicType, key: string, value: unknown): AttributeProblem | null => {
  const table = TOXICS[type].attributes;
  if (!Object.hasOwn(table, key)) {
    const known = Object.keys(table);
    const hint = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
    return { key, message: `is not an attribute of ${type}; ${hint}` };
  }
  const { unit, minimum = 0 } = table[key]!;
  if (Number.isInteger(value) && (value as number) >= minimum && (value as number) <= MAX_ATTRIBUTE)
    return null;
  const message = `must be a whole number (${unit}) from ${minimum} to ${MAX_ATTRIBUTE}, got ${JSON.stringify(value)}`;
  return { key, message };
};

/** With 0 for what is left out. @param written ones that `findAttributeProblems` has nothing against. */
export const resolveAttributes = (type: ToxicType, written: WrittenAttributes): Attributes =>
  Object.fromEntries(
    Object.keys(TOXICS[type].attributes).map((name) => [
      name,
      Object.hasOwn(written, name) ? (written[name] as number) : 0,
    ]),
  );

export interface AttributeRules {
  /** Whether a required attribute has to be there; if not, it is 0, as in Toxiproxy. */
  readonly complete: boolean;
}

/** What is wrong with attributes, all at once. */
export const findAttributeProblems = (
  type: ToxicType,
  written: WrittenAttributes,
  { complete }: AttributeRules,
): AttributeProblem[] => {
  const toxic = TOXICS[type];
  const problems = Object.entries(written)
    .map(([key, value]) => rangeProblem(type, key, value))
    .filter((problem) => problem !== null);
  for (const [key, { required = false, minimum = 0, unit }] of Object.entries(toxic.attributes)) {
    if (Object.hasOwn(written, key) || !(minimum > 0 || (required && complete))) continue;
    problems.push({ key: '', message: `${type} needs ${key} (${unit})` });
  }
  if (problems.length > 0) return problems;
  const problem = toxic.check?.(resolveAttributes(type, written)) ?? null;
  return problem === null ? [] : [problem];
};
