/** Who may take an upstream out, and who lets it in again: detectors of several versions, and an operator. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayControl } from '../../../src/gateway/control.js';
import { type EjectionOwner, Upstream } from '../../../src/gateway/upstream-pool.js';
import { makeGenerations, ownConfig } from '../../support/generations.js';

const EAGER = { outlierEjection: { consecutive5xx: { failures: 1 }, maxEjected: '100%' } };
const CALM = { outlierEjection: { consecutive5xx: { failures: 5 }, maxEjected: '100%' } };

describe('a candidate’s outlier ejection', () => {
  it('takes nobody out for those who never got its config, and says what it would have done', async () => {
    const { generations, run, send, statuses, of, available } = makeGenerations({});
    run(1, { candidate: 2 }, { 2: EAGER });
    for (const id of ['u1', 'u2']) statuses.set(id, 500);
    for (let count = 0; count < 4; count++) await send(generations.candidate!.live);
    expect(available()).toEqual(['u1', 'u2']);
    expect(of('upstream.ejected')).toEqual([]);
    expect(of('upstream.spared')).toMatchObject([
      { detector: 'consecutive-5xx', reason: 'not-in-force' },
      { detector: 'consecutive-5xx', reason: 'not-in-force' },
    ]);
  });

  it('holds once it is promoted', async () => {
    const { generations, run, send, statuses, available } = makeGenerations({});
    run(1, { candidate: 2 }, { 2: EAGER });
    run(2, { standby: 1 });
    statuses.set('u1', 500);
    for (let count = 0; count < 4; count++) await send(generations.stable.live);
    expect(available()).toEqual(['u2']);
    run(1);
    expect(available(), 'whoever was out under those rules is in again').toEqual(['u1', 'u2']);
  });

  it('leaves out whom the stable version has out, when it is taken back', async () => {
    const { generations, run, send, statuses, available } = makeGenerations(EAGER);
    statuses.set('u1', 500);
    for (let count = 0; count < 4; count++) await send(generations.stable.live);
    run(1, { candidate: 2 }, { 2: CALM });
    // The candidate gets no request for u1, so it has to be told of it as its own detector would be.
    const { detector } = generations.candidate!.live.parts.outliers!;
    for (let count = 0; count < 5; count++) detector.onResult('u1', '5xx', 0);
    expect(detector.isEjected('u1')).toBe(true);
    run(1);
    expect(available()).toEqual(['u2']);
  });

  it('is the stable version’s own where their options are the same', async () => {
    const { generations, run, send, statuses, available, clock } = makeGenerations(EAGER);
    statuses.set('u1', 500);
    for (let count = 0; count < 4; count++) await send(generations.stable.live);
    run(2, { standby: 1 }, { 2: { ...EAGER, timeouts: { attempt: '2s' } } });
    expect(available(), 'it outlives the change').toEqual(['u2']);
    clock.advance(40_000);
    expect(available(), 'and ends in its time').toEqual(['u1', 'u2']);
  });
});

const withControl = (section: Parameters<typeof makeGenerations>[0]) => {
  const made = makeGenerations(section);
  const { pool, reach, clock, emit } = made;
  return { ...made, control: new GatewayControl({ config: ownConfig(section), pool, reach, clock, emit }) };
};

describe('an ejection by hand', () => {
  it('lasts as long as was said, whatever the detector does meanwhile', async () => {
    const { generations, send, statuses, control, clock, available, of } = withControl(EAGER);
    statuses.set('u1', 500);
    for (let count = 0; count < 4; count++) await send(generations.stable.live);
    control.eject('u1', 600_000);
    clock.advance(599_999);
    expect(of('upstream.unejected')).toMatchObject([{ reason: 'time-over' }]);
    expect(available(), 'the detector’s 30 s are long over').toEqual(['u2']);
    clock.advance(1);
    expect(available()).toEqual(['u1', 'u2']);
    expect(of('upstream.unejected').at(-1)).toMatchObject({ reason: 'time-over', afterMs: 600_000 });
  });

  it('ends by hand, and says after how long', () => {
    const { control, clock, available, of } = withControl({});
    control.eject('u1', 600_000);
    clock.advance(4_000);
    control.eject('u1', 600_000);
    clock.advance(1_000);
    control.uneject('u1');
    expect(available()).toEqual(['u1', 'u2']);
    expect(of('upstream.unejected')).toMatchObject([{ upstream: 'u1', reason: 'by-hand', afterMs: 5_000 }]);
    clock.advance(700_000);
    control.uneject('u1');
    expect(of('upstream.unejected'), 'nobody was out').toHaveLength(1);
  });

  it('of the detector is ended by hand too, and may come again', async () => {
    const { generations, send, statuses, control, clock, available, of } = withControl(EAGER);
    statuses.set('u1', 500);
    const four = async (): Promise<void> => {
      for (let count = 0; count < 4; count++) await send(generations.stable.live);
    };
    await four();
    clock.advance(3_000);
    control.uneject('u1');
    expect(available()).toEqual(['u1', 'u2']);
    expect(of('upstream.unejected')).toMatchObject([{ upstream: 'u1', reason: 'by-hand', afterMs: 3_000 }]);
    await four();
    expect(available(), 'the detector knows that it is in, and watches it').toEqual(['u2']);
    expect(of('upstream.ejected')).toHaveLength(2);
  });
});

it('is in when nobody has it out, whoever took it out and let it in, in whatever order', () => {
  const step = fc.record({
    owner: fc.constantFrom<EjectionOwner>('outliers', 'by-hand'),
    ejected: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const upstream = new Upstream({ id: 'u', host: '127.0.0.1', port: 1 });
      const out = new Map<EjectionOwner, boolean>();
      for (const { owner, ejected } of steps) {
        upstream.setEjected(owner, ejected, 0);
        out.set(owner, ejected);
        expect(upstream.ejected).toBe([...out.values()].some(Boolean));
        expect(upstream.isEjectedBy(owner)).toBe(ejected);
      }
    }),
  );
});
