/** What a metric is: its name, its kind, and how its value is found in a result. */
import type { Selector } from '../../core/selectors.js';
import type { Kind } from '../../core/values.js';
import type { RequestsResult, VariantResult, WindowResult } from '../result.js';

interface MetricBase {
  /** The whole name; a group in it is the part that varies. */
  readonly pattern: RegExp;
  /** All of them, where the part that varies is one of some names; for messages. */
  readonly names?: readonly string[];
  readonly kind: Kind;
  readonly example: string;
  readonly meaning: string;
  /**
   * Whether it is told by workers that badgateway starts: it has no value where the upstreams are the user's own. Left out:
   * it is not.
   */
  readonly needsWorkers?: (part: string, selector: Selector) => boolean;
  /**
   * Whether only the built-in gateway tells it: where another stands in its place, its silence would pass for the best of values.
   * Left out: it does not.
   */
  readonly needsGateway?: (part: string) => boolean;
}

/** Measured over a window, or the run as a whole. */
interface WindowMetric extends MetricBase {
  readonly windowed: true;
  readonly selectable?: false;
  readonly value: (window: WindowResult, part: string, variant: VariantResult) => number;
}

/** Measured over a window, or the run as a whole, and of a part of the clients too. */
interface ClientMetric extends MetricBase {
  readonly windowed: true;
  readonly selectable: true;
  readonly value: (requests: RequestsResult, part: string) => number;
}

/** Measured over the run as a whole, always. */
export interface RunMetric extends MetricBase {
  readonly windowed: false;
  readonly selectable?: false;
  readonly value: (variant: VariantResult, part: string) => number;
}

/** The same, and of a part of the clients too. */
interface RunClientMetric extends MetricBase {
  readonly windowed: false;
  readonly selectable: true;
  readonly value: (variant: VariantResult, part: string, selector: Selector) => number;
}

export type Metric = WindowMetric | ClientMetric | RunMetric | RunClientMetric;

/** What never happened is at infinity; what has no value is `NaN`, and passes no comparison. */
export const orNever = (value: number | null | undefined): number => value ?? Number.POSITIVE_INFINITY;
export const orNothing = (value: number | null | undefined): number => value ?? Number.NaN;

/** What is there under several names. */
type Named = Required<Pick<MetricBase, 'pattern' | 'names'>>;

/** `prefix.` and one of these names: a name that never occurs would pass some comparisons for ever. */
export const oneOf = (prefix: string, names: readonly string[]): Named => ({
  pattern: new RegExp(`^${prefix}\\.(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})$`),
  names: names.map((name) => `${prefix}.${name}`),
});

/** The same, where the name may be left out with its dot. */
export const optional = (prefix: string, names: readonly string[]): Named => ({
  pattern: new RegExp(`^${prefix}(?:\\.(${names.join('|')}))?$`),
  names: oneOf(prefix, names).names,
});
