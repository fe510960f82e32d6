/** A registry of prom-client's whose metrics are read when somebody asks, and cost nothing until then. */
import { Counter, Gauge, Registry } from 'prom-client';
import { type ClassDurations, DURATION_BOUNDS_SECONDS } from './durations.js';

type Labels = Readonly<Record<string, string>>;

/** One line of a metric. A label that is empty is left out: to Prometheus it is the same. */
export type Put = (value: number, labels?: Labels) => void;

const withoutEmpty = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));

export interface MetricName {
  /** Whole, with its prefix and its unit. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

interface HistogramLine {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

export class MetricRegistry {
  readonly #registry = new Registry();

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }

  /** One that counts as things happen. */
  counter({ name, help, labels = [] }: MetricName): Counter {
    return new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  /** One that is set as things happen. */
  gauge({ name, help, labels = [] }: MetricName): Gauge {
    return new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  readCounter({ name, help, labels = [] }: MetricName, read: (put: Put) => void): void {
    new Counter({
      ...{ name, help, labelNames: [...labels], registers: [this.#registry] },
      collect() {
        this.reset();
        read((value, own = {}) => this.inc(withoutEmpty(own), value));
      },
    });
  }

  readGauge({ name, help, labels = [] }: MetricName, read: (put: Put) => void): void {
    new Gauge({
      ...{ name, help, labelNames: [...labels], registers: [this.#registry] },
      collect() {
        this.reset();
        // Without labels prom-client shows a 0 where nothing is put.
        if (labels.length === 0) this.remove();
        read((value, own = {}) => this.set(withoutEmpty(own), value));
      },
    });
  }

  /** prom-client's own histogram can only be filled one observation at a time. */
  readHistogram({ name, help }: MetricName, read: () => readonly ClassDurations[]): void {
    const get = () => Promise.resolve({ name, help, type: 'histogram', values: linesOf(name, read()) });
    this.#registry.registerMetric({ name, get } as unknown as Gauge);
  }
}

const linesOf = (name: string, classes: readonly ClassDurations[]): HistogramLine[] =>
  classes.flatMap(({ statusClass, buckets, sumSeconds }) => {
    const labels = { status_class: statusClass };
    let count = 0;
    const cumulated = buckets.map((inBucket, index) => {
      count += inBucket;
      const le = String(DURATION_BOUNDS_SECONDS[index] ?? '+Inf');
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...cumulated,
      { metricName: `${name}_sum`, labels, value: sumSeconds },
      { metricName: `${name}_count`, labels, value: count },
    ];
  });
