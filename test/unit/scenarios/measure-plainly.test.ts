/**
 * What is folded as it comes in, against what comes of everything kept and looked through afterwards: the same, whatever
 * happened, and in whatever order it came.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Recorded, Recorder } from '../../../src/scenarios/measure/recorder.js';
import { measurePlainly } from '../../support/measured-plainly.js';
import { type Delivery, type RandomRun, randomRuns, WORKERS } from '../../support/random-runs.js';
import { ORIGIN_MS } from '../../support/recording.js';

const STALL_MS = 12.34;

const deliver = (recorder: Recorder, delivery: Delivery): void => {
  if (delivery.type === 'record') recorder.record(delivery.item);
  else if (delivery.type === 'event') recorder.event(delivery.item);
  else if (delivery.type === 'sample') recorder.sample(delivery.item);
  else recorder.probe(delivery.item);
};

const folded = ({ plan, before, after }: RandomRun): Recorded => {
  const recorder = new Recorder(plan, ORIGIN_MS - 5_000);
  recorder.gatewayStallMs = STALL_MS;
  for (const delivery of before) deliver(recorder, delivery);
  recorder.begin(ORIGIN_MS);
  for (const delivery of after) deliver(recorder, delivery);
  return recorder.recorded(WORKERS);
};

const plainly = ({ plan, before, after }: RandomRun): Recorded => {
  const all = [...before, ...after];
  const kept = {
    requests: all.flatMap((one) => (one.type === 'record' ? [one.item] : [])),
    events: all.flatMap((one) => (one.type === 'event' ? [one.item] : [])),
    samples: all.flatMap((one) => (one.type === 'sample' ? [one.item] : [])),
    probeReports: all.flatMap((one) => (one.type === 'probe' ? [one.item] : [])),
    gatewayStallMs: STALL_MS,
    originMs: ORIGIN_MS,
  };
  return measurePlainly(plan, kept, WORKERS);
};

describe('what is recorded', () => {
  it('is what comes of everything kept', () => {
    fc.assert(
      fc.property(randomRuns({ maxLength: 60 }), (run) => {
        expect(folded(run)).toStrictEqual(plainly(run));
      }),
      { numRuns: 300, interruptAfterTimeLimit: 20_000 },
    );
  });

  it('is the same for more requests than are shown, and latencies than are kept as they are', () => {
    fc.assert(
      fc.property(randomRuns({ minLength: 1_500, maxLength: 3_000, size: 'max' }), (run) => {
        expect(folded(run)).toStrictEqual(plainly(run));
      }),
      // Thousands of requests take too long to make fewer of.
      { numRuns: 10, endOnFailure: true },
    );
  });
});
