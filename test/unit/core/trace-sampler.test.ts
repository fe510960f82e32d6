/** Which traces are recorded: as OpenTelemetry's library chooses them, from the same variables. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rootSampler } from '../../../src/core/trace-sampler.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const traceId = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .filter((bytes) => bytes.some((byte) => byte !== 0))
  .map((bytes) => Buffer.from(bytes).toString('hex'));

describe('the sampler of traces that begin here', () => {
  it('chooses by ratio what the library chooses', () => {
    fc.assert(
      fc.property(traceId, fc.double({ min: 0, max: 1, noNaN: true }), (id, ratio) => {
        const library = new TraceIdRatioBasedSampler(ratio);
        const { decision } = library.shouldSample(ROOT_CONTEXT, id);
        const own = rootSampler({
          OTEL_TRACES_SAMPLER: 'traceidratio',
          OTEL_TRACES_SAMPLER_ARG: String(ratio),
        });
        expect(own(id)).toBe(decision === SamplingDecision.RECORD_AND_SAMPLED);
      }),
    );
  });

  it.each([
    [{}, true],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, true],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, true],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, false],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, false],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, false],
    // What makes no sense is the default, as the library has it.
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }, true],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' }, true],
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, true],
  ])('of %j says %s', (environment, recorded) => {
    expect(rootSampler(environment)(TRACE)).toBe(recorded);
  });
});
