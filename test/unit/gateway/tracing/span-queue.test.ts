/** Spans on their way to a collector: every span is exported or counted as dropped, and no more wait than may. */
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { type SpanFate, SpanQueue, spanQueueOptions } from '../../../../src/gateway/tracing/span-queue.js';

type Answer = Parameters<SpanExporter['export']>[1];

const start = (options = { maxQueue: 8, maxBatch: 4, delayMs: 100 }) => {
  const clock = new VirtualClock();
  const fates: Record<SpanFate, number> = { exported: 0, queue_full: 0, export_failed: 0 };
  const batches: { readonly size: number; readonly answer: Answer }[] = [];
  const exporter = {
    export: (spans: readonly ReadableSpan[], answer: Answer) => batches.push({ size: spans.length, answer }),
  } as unknown as SpanExporter;
  const queue = new SpanQueue(exporter, options, clock, (fate, count) => {
    fates[fate] += count;
  });
  let ended = 0;
  const end = (): void => {
    ended++;
    queue.onEnd({} as ReadableSpan);
  };
  return { clock, fates, batches, queue, end, ended: () => ended };
};

describe('the queue of spans', () => {
  it('sends a batch when it is full, and a smaller one when its time is over', () => {
    const { clock, batches, end } = start();
    for (let span = 0; span < 3; span++) end();
    expect(batches).toEqual([]);
    end();
    expect(batches).toMatchObject([{ size: 4 }]);
    batches[0]!.answer({ code: 0 });
    end();
    clock.advance(99);
    expect(batches).toHaveLength(1);
    clock.advance(2);
    expect(batches).toMatchObject([{ size: 4 }, { size: 1 }]);
  });

  it('drops what finds no place while a batch is under way, and never holds more than it may', () => {
    const { batches, fates, end } = start();
    for (let span = 0; span < 20; span++) end();
    expect(batches).toHaveLength(1);
    expect(fates).toEqual({ exported: 0, queue_full: 8, export_failed: 0 });
    batches[0]!.answer({ code: 1 });
    batches[1]!.answer({ code: 0 });
    expect(fates).toEqual({ exported: 4, queue_full: 8, export_failed: 4 });
  });

  it('loses no span without counting it', async () => {
    const act = fc.constantFrom('end', 'end', 'end', 'good', 'bad', 'wait');
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 200 }), async (acts) => {
        const { clock, fates, batches, queue, end, ended } = start();
        let answered = 0;
        const answer = (code: number): void => {
          const batch = batches[answered];
          if (batch === undefined) return;
          answered++;
          batch.answer({ code });
        };
        for (const what of acts) {
          if (what === 'end') end();
          else if (what === 'wait') clock.advance(60);
          else answer(what === 'good' ? 0 : 1);
        }
        const closed = queue.shutdown();
        // Whatever is under way is answered, as an exporter does at the latest when its own time is over.
        while (answered < batches.length) {
          answer(0);
          await Promise.resolve();
        }
        clock.advance(1_000);
        await closed;
        const { exported, queue_full: full, export_failed: failed } = fates;
        expect(exported + full + failed).toBe(ended());
      }),
    );
  });

  it('has the specification’s defaults, and its variables', () => {
    expect(spanQueueOptions({})).toEqual({ maxQueue: 2048, maxBatch: 512, delayMs: 5000 });
    expect(spanQueueOptions({ OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_SCHEDULE_DELAY: '20' })).toEqual({
      ...{ maxQueue: 10, maxBatch: 512, delayMs: 20 },
    });
  });
});
