/** Who waits for a slot of a concurrency limit, in which order, and who makes way: disciplines and criticality. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { limitedService, type Outcome, turn } from '../../support/limited-service.js';

describe('a queue discipline', () => {
  it('decides who is next', async () => {
    const { pending, send } = limitedService({ limit: 1, discipline: 'lifo' });
    send();
    const [earlier, later] = [send(), send()];
    pending[0]!.respond(200).finish();
    await turn();
    pending[1]!.respond(200);
    await turn();
    expect(later.outcome.response).toBeDefined();
    expect(earlier.outcome.response).toBeUndefined();
  });

  it('refuses whom CoDel drops with BGW_ERR_QUEUE_TIMEOUT, and says what dropped it', async () => {
    const { clock, limit, pending, send, drops } = limitedService({
      limit: 1,
      discipline: 'codel',
      maxWaitMs: 1_000,
    });
    send();
    const waiting = send();
    clock.advance(150);
    pending[0]!.respond(200).finish();
    await turn();
    expect(waiting.outcome).toEqual({
      code: 'BGW_ERR_QUEUE_TIMEOUT',
      message: 'dropped from the queue after 150ms: the queue has a backlog',
    });
    expect(drops).toEqual(['waited-too-long']);
    expect(limit).toMatchObject({ inFlight: 0, queued: 0 });
    // Its timer went with it.
    clock.advance(10_000);
    expect(drops).toHaveLength(1);
  });

  it('refuses who is too late for its deadline with BGW_ERR_QUEUE_TIMEOUT, and serves the next', async () => {
    const { clock, pending, send, drops } = limitedService({
      limit: 1,
      discipline: 'deadline',
      line: { marginMs: 20 },
      maxWaitMs: 1_000,
    });
    send();
    const late = send({ deadlineMs: 100 });
    const patient = send({ deadlineMs: 110 });
    clock.advance(90);
    pending[0]!.respond(200).finish();
    await turn();
    expect(late.outcome).toEqual({
      code: 'BGW_ERR_QUEUE_TIMEOUT',
      message: 'dropped from the queue after 90ms: 10ms are left to its deadline',
    });
    expect(drops).toEqual(['too-late']);
    pending[1]!.respond(200);
    await turn();
    expect(patient.outcome.response).toBeDefined();
  });
});

describe('criticality', () => {
  const SHARES = [1, 0.5];

  it('counts for nothing without shares', async () => {
    const { send, pending } = limitedService({ limit: 2, queue: 0 });
    send({ criticality: 3 });
    send({ criticality: 3 });
    expect(pending).toHaveLength(2);
  });

  it('bounds what the sheddable have, and keeps the rest free for the critical', async () => {
    const { limit, send } = limitedService({ limit: 4, queue: 0, shares: SHARES });
    const sheddable = [1, 2, 3].map(() => send({ criticality: 1 }));
    const critical = [1, 2, 3].map(() => send({ criticality: 0 }));
    await turn();
    expect(limit.inFlight).toBe(4);
    expect(sheddable.map(({ outcome }) => outcome.code)).toEqual([
      undefined,
      undefined,
      'BGW_ERR_CONCURRENCY_LIMIT',
    ]);
    expect(sheddable[2]!.outcome.message).toContain('2 for its criticality');
    expect(critical[2]!.outcome.code).toBe('BGW_ERR_CONCURRENCY_LIMIT');
  });

  it('lets a critical request pass the sheddable who wait for their own share', async () => {
    const { limit, send, pending } = limitedService({ limit: 4, queue: 4, shares: SHARES });
    for (let count = 0; count < 4; count++) send({ criticality: 1 });
    await turn();
    expect(limit).toMatchObject({ inFlight: 2, queued: 2 });
    send({ criticality: 0 });
    await turn();
    expect(pending).toHaveLength(3);
    expect(limit).toMatchObject({ inFlight: 3, queued: 2 });
  });

  it('serves the critical first, though the sheddable came before', async () => {
    const { send, pending } = limitedService({ limit: 1, shares: [1, 1] });
    send();
    const sheddable = send({ criticality: 1 });
    const critical = send({ criticality: 0 });
    pending[0]!.respond(200).finish();
    await turn();
    pending[1]!.respond(200);
    await turn();
    expect(critical.outcome.response).toBeDefined();
    expect(sheddable.outcome.response).toBeUndefined();
  });

  it('lets the sheddable make way in a full queue, with BGW_ERR_SHED', async () => {
    const { limit, send, drops } = limitedService({ limit: 1, queue: 2, shares: SHARES });
    send();
    const [first, second] = [send({ criticality: 1 }), send({ criticality: 1 })];
    const critical = send({ criticality: 0 });
    const another = send({ criticality: 1 });
    await turn();
    expect(second.outcome.code).toBe('BGW_ERR_SHED');
    expect(first.outcome.code).toBeUndefined();
    expect(critical.outcome.code).toBeUndefined();
    expect(another.outcome.code).toBe('BGW_ERR_QUEUE_FULL');
    expect(drops).toEqual(['evicted']);
    expect(limit.queued).toBe(2);
  });

  it.each<[shares: readonly number[] | null, low: number, high: number]>([
    [null, 0.25, 0.45],
    [SHARES, 0.99, 1],
  ])(
    'with the shares %j serves of the critical between %d and %d, when the sheddable flood it',
    async (shares, low, high) => {
      const { clock, pending, send } = limitedService({ limit: 4, queue: 4, maxWaitMs: 1_000, shares });
      const random = new Random(11);
      const sent: { criticality: number; outcome: Outcome }[] = [];
      let answered = 0;
      // 4 slots of 40 ms: 100 a second. 50 critical and 250 sheddable requests a second.
      for (let step = 0; step < 2_000; step++) {
        if (random.next() < 0.1) sent.push({ criticality: 0, outcome: send().outcome });
        if (random.next() < 0.5) sent.push({ criticality: 1, outcome: send({ criticality: 1 }).outcome });
        for (; answered < pending.length; answered++) {
          const { respond } = pending[answered]!;
          clock.after(40, () => respond(200).finish());
        }
        clock.advance(2);
        await turn();
      }
      const success = (criticality: number): number => {
        const those = sent.filter((one) => one.criticality === criticality).slice(0, -5);
        return those.filter(({ outcome }) => outcome.response !== undefined).length / those.length;
      };
      expect(success(0)).toBeGreaterThanOrEqual(low);
      expect(success(0)).toBeLessThanOrEqual(high);
      expect(success(1), 'the sheddable drop').toBeLessThan(0.45);
    },
  );
});
