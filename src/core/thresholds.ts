/**
 * Thresholds: comparisons between measured values, such as
 *
 *     availability[after] > 99%
 *     status.503[outage] > status.502[outage]
 *     availability[outage] > as-it-happened.availability[outage] + 20%
 *     goodput[after] > 2 * as-it-happened.goodput[after]
 *
 * `metric[window]`, without `[window]` over the whole run; a selector before the window, as in
 * `availability{class=web}[outage]`, is about a part of the clients; a variant's name and a dot before a metric take it from that
 * variant, and a variant's name alone takes the metric that the threshold begins with. Sums and products are allowed.
 * Every value has a kind, and kinds that do not fit are an error: a share compared with a duration says nothing, and a
 * bare number does not say what it counts.
 */
import { thereAre } from './nearest.js';
import { Section, type Static, Type } from './schema.js';
import { parseSelector, type Selector, SelectorError, type SelectorScope } from './selectors.js';
import { ThresholdError, type Token, tokenize } from './threshold-tokens.js';
import { parseDurationMs, parseRateRps, parseRatio, parseSizeBytes } from './units.js';
import { formatExactly, formatValue, type Kind } from './values.js';

export { ThresholdError };

/** What the language knows of a metric; where its value comes from is the caller's business. */
export interface MetricSpec {
  readonly kind: Kind;
  /** Measured over a window; else over the whole run, always. */
  readonly windowed: boolean;
  /** Measured of a part of the clients too; default false. */
  readonly selectable?: boolean;
  readonly example: string;
}

/** The metrics that thresholds of one kind of result may name. */
export interface MetricCatalogue {
  find(name: string): MetricSpec | undefined;
  /** One for each, for messages. */
  readonly examples: readonly string[];
  /** Those of a family that a name seems to be meant of, for messages; left out: there are no families. */
  namesLike?(name: string): readonly string[];
}

export interface MetricRef {
  /** Empty: the variant under test. */
  readonly variant: string;
  readonly metric: string;
  /** Empty: the whole run. */
  readonly window: string;
  /** Empty: all clients. */
  readonly selector: Selector;
  readonly kind: Kind;
}

/** What stands on a side of a threshold. */
export type Expression =
  | { readonly type: 'literal'; readonly value: number; readonly kind: Kind }
  | { readonly type: 'metric'; readonly ref: MetricRef; readonly kind: Kind }
  | {
      readonly type: 'binary';
      readonly operator: '+' | '-' | '*';
      readonly left: Expression;
      readonly right: Expression;
      readonly kind: Kind;
    };

const COMPARISONS = {
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
} as const;

type Comparison = keyof typeof COMPARISONS;

export interface Threshold {
  readonly text: string;
  readonly left: Expression;
  readonly comparison: Comparison;
  readonly right: Expression;
}

/** What names may occur in a threshold. */
export interface Scope {
  readonly metrics: MetricCatalogue;
  readonly variants: readonly string[];
  readonly windows: readonly string[];
  /** Left out: no metric takes a selector. */
  readonly selectors?: SelectorScope;
}

const literal = (text: string): Expression => {
  if (text.endsWith('%')) return { type: 'literal', value: parseRatio(text), kind: 'ratio' };
  if (text.endsWith('B')) return { type: 'literal', value: parseSizeBytes(text), kind: 'size' };
  if (text.includes('/')) return { type: 'literal', value: parseRateRps(text), kind: 'rate' };
  if (/[a-z]$/.test(text)) return { type: 'literal', value: parseDurationMs(text), kind: 'duration' };
  return { type: 'literal', value: Number(text), kind: 'scalar' };
};

const HOW_TO_WRITE: Readonly<Record<Kind, string>> = {
  ratio: 'a share such as 99%',
  rate: 'a rate such as 100/s',
  duration: 'a duration such as 500ms',
  size: 'a size such as 64MiB',
  count: 'a whole number',
  scalar: 'a number',
};

/** A plain number counts things where things are counted. */
const fits = (a: Kind, b: Kind): boolean =>
  a === b || (a === 'count' && b === 'scalar') || (a === 'scalar' && b === 'count');

class Parser {
  #position = 0;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #scope: Scope;
  /** What the threshold is about: the first metric in it. */
  #subject: MetricRef | null = null;

  constructor(text: string, scope: Scope) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#scope = scope;
  }

  threshold(): Threshold {
    const left = this.#sum();
    const token = this.#next('a comparison such as > or <=');
    if (!Object.hasOwn(COMPARISONS, token.text)) {
      throw new ThresholdError(`expected a comparison such as > or <=, got "${token.text}"`, token.column);
    }
    const rightColumn = this.#peek()?.column ?? this.#text.length + 1;
    const right = this.#sum();
    const rest = this.#peek();
    if (rest !== undefined) throw new ThresholdError(`"${rest.text}" is too much`, rest.column);
    if (!fits(left.kind, right.kind)) {
      throw new ThresholdError(`the left side is ${this.#mismatch(left.kind)}`, rightColumn);
    }
    return { text: this.#text, left, comparison: token.text as Comparison, right };
  }

  expression(): Expression {
    const expression = this.#sum();
    const rest = this.#peek();
    if (rest !== undefined) throw new ThresholdError(`"${rest.text}" is too much`, rest.column);
    return expression;
  }

  #mismatch(kind: Kind): string {
    return `${HOW_TO_WRITE[kind].replace(/ such as.*/, '')}, so the right side must be ${HOW_TO_WRITE[kind]}`;
  }

  #sum(): Expression {
    let left = this.#product();
    for (let token = this.#peek(); token?.text === '+' || token?.text === '-'; token = this.#peek()) {
      this.#position++;
      const right = this.#product();
      if (!fits(left.kind, right.kind)) {
        throw new ThresholdError(`cannot add what is not ${HOW_TO_WRITE[left.kind]}`, token.column);
      }
      left = { type: 'binary', operator: token.text as '+' | '-', left, right, kind: left.kind };
    }
    return left;
  }

  #product(): Expression {
    let left = this.#atom();
    for (let token = this.#peek(); token?.text === '*'; token = this.#peek()) {
      this.#position++;
      const right = this.#atom();
      if (left.kind !== 'scalar' && right.kind !== 'scalar') {
        throw new ThresholdError('one side of * must be a plain number', token.column);
      }
      const kind = left.kind === 'scalar' ? right.kind : left.kind;
      left = { type: 'binary', operator: '*', left, right, kind };
    }
    return left;
  }

  #atom(): Expression {
    const token = this.#next('a metric or a number');
    if (token.type === 'number') return literal(token.text);
    if (token.type !== 'name') {
      throw new ThresholdError(`expected a metric or a number, got "${token.text}"`, token.column);
    }
    const ref = this.#reference(token);
    this.#subject ??= ref;
    return { type: 'metric', ref, kind: ref.kind };
  }

  #reference(token: Token): MetricRef {
    const { variants, metrics } = this.#scope;
    const { variant, metric } = this.#splitName(token.text);
    const spec = metrics.find(metric);
    if (spec !== undefined) {
      const selector = this.#selector(spec);
      return { variant, metric, selector, window: this.#window(spec), kind: spec.kind };
    }
    if (this.#subject !== null && variants.includes(token.text))
      return { ...this.#subject, variant: token.text };
    const family = metrics.namesLike?.(metric) ?? [];
    const known = family.length > 0 ? family : metrics.examples.map((example) => example.replace(/\[.*/, ''));
    const [owner = '', ...rest] = metric.split('.');
    if (metrics.find(rest.join('.')) !== undefined)
      throw new ThresholdError(`there is no variant "${owner}"${thereAre(owner, variants)}`, token.column);
    throw new ThresholdError(`there is no metric "${metric}"${thereAre(metric, known)}`, token.column);
  }

  #splitName(name: string): { variant: string; metric: string } {
    if (this.#scope.metrics.find(name) !== undefined) return { variant: '', metric: name };
    const variant = this.#scope.variants.find((candidate) => name.startsWith(`${candidate}.`));
    return variant === undefined
      ? { variant: '', metric: name }
      : { variant, metric: name.slice(variant.length + 1) };
  }

  #selector(spec: MetricSpec): Selector {
    const token = this.#peek();
    if (token?.type !== 'selector') return {};
    this.#position++;
    if (!spec.selectable || this.#scope.selectors === undefined) {
      throw new ThresholdError(
        `${spec.example} is not measured by client and takes no selector`,
        token.column,
      );
    }
    try {
      return parseSelector(token.text, this.#scope.selectors);
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      throw new ThresholdError(error.message, token.column + error.column - 1);
    }
  }

  #window(spec: MetricSpec): string {
    if (this.#peek()?.text !== '[') return '';
    const open = this.#next('[');
    if (!spec.windowed) {
      throw new ThresholdError(
        `${spec.example} is measured over the whole run and takes no window`,
        open.column,
      );
    }
    const name = this.#next('the name of a window');
    if (!this.#scope.windows.includes(name.text)) {
      const known = thereAre(name.text, this.#scope.windows);
      throw new ThresholdError(`there is no window "${name.text}"${known}`, name.column);
    }
    const close = this.#next(']');
    if (close.text !== ']') throw new ThresholdError(`expected ], got "${close.text}"`, close.column);
    const after = this.#peek();
    if (after?.type === 'selector') {
      throw new ThresholdError('a selector stands before the window: metric{…}[window]', after.column);
    }
    return name.text;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  #next(expected: string): Token {
    const token = this.#tokens[this.#position++];
    if (token === undefined)
      throw new ThresholdError(`expected ${expected}, got the end`, this.#text.length + 1);
    return token;
  }
}

/** @throws ThresholdError */
export const parseThreshold = (text: string, scope: Scope): Threshold => new Parser(text, scope).threshold();

/** One side of a threshold alone. @throws ThresholdError */
export const parseExpression = (text: string, scope: Scope): Expression =>
  new Parser(text, scope).expression();

/** Every metric that stands on these sides, in the order in which they are written. */
export const refsIn = (...sides: readonly Expression[]): MetricRef[] => {
  const refs: MetricRef[] = [];
  const visit = (expression: Expression): void => {
    if (expression.type === 'metric') refs.push(expression.ref);
    if (expression.type === 'binary') {
      visit(expression.left);
      visit(expression.right);
    }
  };
  for (const side of sides) visit(side);
  return refs;
};

/** Every metric a threshold names. */
export const refsOf = ({ left, right }: Threshold): MetricRef[] => refsIn(left, right);

/** The variants a threshold takes values from, besides the one under test. */
export const variantsOf = (threshold: Threshold): string[] =>
  refsOf(threshold)
    .map(({ variant }) => variant)
    .filter((variant) => variant !== '');

/** @returns NaN where something has no value, infinity where it never happened. */
export const evaluate = (expression: Expression, lookUp: (ref: MetricRef) => number): number => {
  switch (expression.type) {
    case 'literal':
      return expression.value;
    case 'metric':
      return lookUp(expression.ref);
    case 'binary': {
      const left = evaluate(expression.left, lookUp);
      const right = evaluate(expression.right, lookUp);
      if (expression.operator === '*') return left * right;
      return expression.operator === '+' ? left + right : left - right;
    }
  }
};

const SideSchema = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

/** As it stands in results. */
export const ThresholdResultSchema = Section(
  {
    expression: Type.String(),
    observed: SideSchema('Left side; null when it never happened or has no value.'),
    expected: SideSchema('Right side.'),
    observedText: Type.String(),
    expectedText: Type.String(),
    pass: Type.Boolean(),
  },
  'One threshold.',
);

export type ThresholdResult = Readonly<Static<typeof ThresholdResultSchema>>;

/** `observed 20%, expected > 99%`. */
export const observedText = ({
  expression,
  observedText: observed,
  expectedText,
}: ThresholdResult): string => {
  const comparison = tokenize(expression).find(({ text }) => Object.hasOwn(COMPARISONS, text))!.text;
  return `observed ${observed}, expected ${comparison} ${expectedText}`;
};

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** A value that does not exist (`NaN`) passes no comparison. */
export const checkThreshold = (threshold: Threshold, lookUp: (ref: MetricRef) => number): ThresholdResult => {
  const observed = evaluate(threshold.left, lookUp);
  const expected = evaluate(threshold.right, lookUp);
  // Two things that never happened cannot be compared either.
  const exists = Number.isFinite(observed)
    ? !Number.isNaN(expected)
    : Number.isFinite(expected) && !Number.isNaN(observed);
  const pass = exists && COMPARISONS[threshold.comparison](observed, expected);
  const observedText = formatValue(observed, threshold.left.kind);
  const expectedText = formatValue(expected, threshold.right.kind);
  // `observed 99%, expected > 99%` says nothing; what was rounded off does.
  const looksMet = !pass && observedText === expectedText && observed !== expected;
  return {
    expression: threshold.text,
    observed: finiteOrNull(observed),
    expected: finiteOrNull(expected),
    observedText: looksMet ? formatExactly(observed, threshold.left.kind) : observedText,
    expectedText,
    pass,
  };
};
