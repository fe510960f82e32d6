/** What a connection does about a name: within the TTL, past it, and while lookups fail. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameRecord, type RecordOptions } from '../../../../src/gateway/names/name-record.js';

const OFF: RecordOptions = { recheckMs: 1_000, serveStale: false, maxStaleMs: 60_000, refuseEmpty: false };
const STALE: RecordOptions = { ...OFF, serveStale: true };
const ONE = { addresses: ['127.0.0.1'], ttlMs: 5_000 };

/** One that was answered at 0. */
const answered = (options: RecordOptions, answer = ONE): NameRecord => {
  const record = new NameRecord(options);
  record.onAnswer(answer, 0);
  return record;
};

const fresh = { kind: 'address', address: '127.0.0.1', staleMs: 0, lookUp: false };

describe('a name', () => {
  it('that nobody has asked for is looked up', () => {
    expect(new NameRecord(OFF).ask(0)).toEqual({ kind: 'wait' });
  });

  it('is known for its TTL, and looked up after it', () => {
    const record = answered(OFF);
    expect(record.ask(0)).toEqual(fresh);
    expect(record.ask(4_999)).toEqual(fresh);
    expect(record.ask(5_000)).toEqual({ kind: 'wait' });
  });

  it('with a TTL of 0 is good for whoever waited, and for nobody else', () => {
    const record = answered(OFF, { ...ONE, ttlMs: 0 });
    expect(record.settled(0)).toEqual(fresh);
    expect(record.ask(0)).toEqual({ kind: 'wait' });
  });

  it('with several addresses gives each in turn', () => {
    const record = answered(OFF, { addresses: ['127.0.0.1', '127.0.0.2'], ttlMs: 5_000 });
    const given = [1, 2, 3, 4].map((nowMs) => (record.ask(nowMs) as { address: string }).address);
    expect(given).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']);
  });

  it('is told since when it fails, and that it does not', () => {
    const record = answered(OFF);
    expect(record.failingSinceMs).toBeNull();
    record.onFailure('servfail', 5_000);
    record.onFailure('timeout', 6_000);
    expect(record.failingSinceMs).toBe(5_000);
    record.onAnswer(ONE, 7_000);
    expect(record.failingSinceMs).toBeNull();
  });
});

describe('a lookup that failed', () => {
  it('fails whoever waited, and everybody until it is tried again', () => {
    const record = answered(OFF);
    record.onFailure('nxdomain', 5_000);
    expect(record.settled(5_000)).toEqual({ kind: 'failed', reason: 'nxdomain' });
    expect(record.ask(5_999)).toEqual({ kind: 'failed', reason: 'nxdomain' });
    expect(record.ask(6_000)).toEqual({ kind: 'wait' });
    record.onAnswer(ONE, 6_001);
    expect(record.ask(6_001)).toEqual(fresh);
  });

  it('with no time to recheck is tried by everybody', () => {
    const record = new NameRecord({ ...OFF, recheckMs: 0 });
    record.onFailure('timeout', 0);
    expect(record.ask(0)).toEqual({ kind: 'wait' });
  });
});

describe('with serveStale, a lookup that failed', () => {
  it.each(['nxdomain', 'servfail', 'refused', 'timeout', 'unreachable'])(
    'for %s leaves the last address in use, and nobody waits again',
    (reason) => {
      const record = answered(STALE);
      expect(record.ask(5_000)).toEqual({ kind: 'wait' });
      record.onFailure(reason, 5_300);
      const stale = { ...fresh, staleMs: 300 };
      expect(record.settled(5_300)).toEqual(stale);
      expect(record.ask(5_400)).toEqual({ ...stale, staleMs: 400 });
      expect(record.ask(6_300)).toEqual({ ...stale, staleMs: 1_300, lookUp: true });
    },
  );

  it('fails when the last address is too old, and when there was none', () => {
    const record = answered(STALE);
    record.onFailure('servfail', 65_000);
    expect(record.ask(65_000)).toMatchObject({ kind: 'address', staleMs: 60_000 });
    expect(record.ask(65_001)).toEqual({ kind: 'failed', reason: 'servfail' });
    const unknown = new NameRecord(STALE);
    unknown.onFailure('servfail', 0);
    expect(unknown.settled(0)).toEqual({ kind: 'failed', reason: 'servfail' });
  });
});

describe('an answer without an address', () => {
  it.each([OFF, STALE])('is believed: then there is none (%o)', (options) => {
    const record = answered(options);
    record.onAnswer('empty', 5_000);
    expect(record.settled(5_000)).toEqual({ kind: 'failed', reason: 'empty' });
    expect(record.addresses).toEqual([]);
  });

  it('is refused where the config says so: the last good one goes on', () => {
    const record = answered({ ...STALE, refuseEmpty: true });
    record.onAnswer('empty', 5_000);
    expect(record.settled(5_000)).toMatchObject({ kind: 'address', address: '127.0.0.1' });
  });
});

describe('whatever is answered, and whenever,', () => {
  const answers = fc.oneof(
    fc.record({
      addresses: fc.array(fc.ipV4(), { minLength: 1, maxLength: 3 }),
      ttlMs: fc.integer({ min: 0, max: 10 }).map((seconds) => seconds * 1_000),
    }),
    fc.constant('empty' as const),
    fc.constantFrom('nxdomain', 'servfail', 'timeout').map((reason) => ({ reason })),
  );
  const happenings = fc.array(fc.tuple(fc.integer({ min: 0, max: 8_000 }), answers), { maxLength: 40 });
  const options = fc.record({
    recheckMs: fc.integer({ min: 0, max: 3_000 }),
    serveStale: fc.boolean(),
    maxStaleMs: fc.integer({ min: 1, max: 20_000 }),
    refuseEmpty: fc.boolean(),
  });

  it('only an address that was the last one answered is used, stale only where allowed and not for too long', () => {
    fc.assert(
      fc.property(options, happenings, (own, steps) => {
        const record = new NameRecord(own);
        let nowMs = 0;
        let last: readonly string[] = [];
        let untilMs = Number.NEGATIVE_INFINITY;
        for (const [gapMs, answer] of steps) {
          nowMs += gapMs;
          const step = record.ask(nowMs);
          if (step.kind === 'address') {
            expect(last).toContain(step.address);
            expect(step.staleMs).toBe(Math.max(0, nowMs - untilMs));
            if (step.staleMs > 0) {
              expect(own.serveStale).toBe(true);
              expect(step.staleMs).toBeLessThanOrEqual(own.maxStaleMs);
            }
          }
          if (step.kind !== 'wait' && !(step.kind === 'address' && step.lookUp)) continue;
          if (typeof answer === 'object' && 'reason' in answer) record.onFailure(answer.reason, nowMs);
          else {
            record.onAnswer(answer, nowMs);
            if (answer !== 'empty') {
              last = answer.addresses;
              untilMs = nowMs + answer.ttlMs;
            } else if (!own.refuseEmpty) last = [];
          }
          expect(record.settled(nowMs).kind).not.toBe('wait');
        }
      }),
    );
  });

  it('lookups that fail are at least recheckMs apart', () => {
    fc.assert(
      fc.property(options, fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 100 }), (own, gaps) => {
        const record = answered(own);
        let nowMs = 5_000;
        let triedMs = Number.NEGATIVE_INFINITY;
        for (const gapMs of gaps) {
          nowMs += gapMs;
          const step = record.ask(nowMs);
          if (step.kind === 'failed' || (step.kind === 'address' && !step.lookUp)) continue;
          expect(nowMs - triedMs).toBeGreaterThanOrEqual(own.recheckMs);
          triedMs = nowMs;
          record.onFailure('servfail', nowMs);
        }
      }),
    );
  });
});
