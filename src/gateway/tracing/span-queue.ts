/**
 * Spans on their way to the collector. Whatever becomes of the collector, requests do not notice: the queue has an end,
 * one batch is under way at a time, and what finds no place is dropped and counted. OpenTelemetry's own
 * `BatchSpanProcessor` drops too, and tells nobody how many.
 */
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type Clock, sleep, type Timer } from '../../core/clock.js';
import { countIn } from '../../core/otlp-environment.js';

/** What became of spans. */
export type SpanFate = 'exported' | 'queue_full' | 'export_failed';

export interface SpanQueueOptions {
  /** Spans that wait at most. */
  readonly maxQueue: number;
  readonly maxBatch: number;
  /** How long a span may wait for its batch to fill. */
  readonly delayMs: number;
}

/** The specification's variables and defaults. */
export const spanQueueOptions = (
  environment: Readonly<Record<string, string | undefined>>,
): SpanQueueOptions => ({
  maxQueue: countIn(environment, 'OTEL_BSP_MAX_QUEUE_SIZE', 2048),
  maxBatch: countIn(environment, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
  delayMs: countIn(environment, 'OTEL_BSP_SCHEDULE_DELAY', 5_000),
});

/** `ExportResultCode.SUCCESS` of OpenTelemetry's core package. */
const SUCCESS = 0;

/** Less than a parent waits for the gateway to end. */
const CLOSE_WITHIN_MS = 300;

export class SpanQueue implements SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #options: SpanQueueOptions;
  readonly #clock: Clock;
  readonly #onFate: (fate: SpanFate, count: number) => void;
  #waiting: ReadableSpan[] = [];
  #timer: Timer | null = null;
  #underWay: Promise<void> | null = null;
  #closed = false;

  constructor(
    exporter: SpanExporter,
    options: SpanQueueOptions,
    clock: Clock,
    onFate: (fate: SpanFate, count: number) => void,
  ) {
    this.#exporter = exporter;
    this.#options = options;
    this.#clock = clock;
    this.#onFate = onFate;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { maxQueue, maxBatch, delayMs } = this.#options;
    if (this.#closed || this.#waiting.length >= maxQueue) {
      this.#onFate('queue_full', 1);
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= maxBatch) this.#send();
    else this.#timer ??= this.#clock.after(delayMs, () => this.#send());
  }

  async forceFlush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay !== null) {
      this.#send();
      await this.#underWay;
    }
  }

  /** Gives the collector a short while, and drops the rest. */
  async shutdown(): Promise<void> {
    this.#closed = true;
    await Promise.race([this.forceFlush(), sleep(this.#clock, CLOSE_WITHIN_MS)]);
    this.#timer?.cancel();
    this.#onFate('queue_full', this.#waiting.splice(0).length);
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#underWay !== null || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#options.maxBatch);
    this.#underWay = new Promise((resolve) => {
      this.#exporter.export(batch, ({ code }) => {
        this.#onFate(code === SUCCESS ? 'exported' : 'export_failed', batch.length);
        this.#underWay = null;
        resolve();
        if (this.#waiting.length > 0 && !this.#closed) this.#onEndOfBatch();
      });
    });
  }

  /** What came meanwhile goes at once when it fills a batch, and waits for more when it does not. */
  #onEndOfBatch(): void {
    const { maxBatch, delayMs } = this.#options;
    if (this.#waiting.length >= maxBatch) this.#send();
    else this.#timer ??= this.#clock.after(delayMs, () => this.#send());
  }
}
