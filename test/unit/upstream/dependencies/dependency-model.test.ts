/** A dependency's model in virtual time: connections, times, and what each fault does to calls and takes back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import {
  DEPENDENCY_FAULTS,
  type DependencyFaultName,
} from '../../../../src/upstream/dependencies/faults/dependency-faults.js';
import {
  DependencyModel,
  type DependencyModelOptions,
  type Session,
} from '../../../../src/upstream/dependencies/model.js';
import type { Undo } from '../../../../src/upstream/faults/fault.js';
import { resolveOptions, type WrittenOptions } from '../../../../src/upstream/faults/options.js';

const TIME_MS = 10;

const newModel = (options: Partial<DependencyModelOptions> = {}) => {
  const clock = new VirtualClock();
  const model = new DependencyModel({
    connections: 2,
    time: { distribution: 'constant', meanMs: TIME_MS },
    abandoned: 'finish',
    clock,
    random: new Random(1),
    ...options,
  });
  return { clock, model };
};

/** @returns what became of the call, with the time; empty while nothing has. */
const call = (session: Session, clock: VirtualClock): string[] => {
  const said: string[] = [];
  const say = (what: string) => (): void => {
    said.push(`${what} at ${clock.nowMs()}`);
  };
  session.call({ answer: say('answer'), fail: (status) => say(`fail ${status}`)(), cut: say('cut') });
  return said;
};

const begin = (model: DependencyModel, name: DependencyFaultName, written: WrittenOptions = {}): Undo => {
  const fault = DEPENDENCY_FAULTS[name];
  if (!('begin' in fault)) throw new Error(`${name} is done from outside`);
  return fault.begin(model, resolveOptions(fault, written));
};

describe('a dependency', () => {
  it('takes so many connections and refuses one more, until one is given back', () => {
    const { model } = newModel();
    const [first, second] = [model.connect(), model.connect()];
    expect(second).not.toBeNull();
    expect(model.connect()).toBeNull();
    first!.leave();
    first!.leave();
    expect(model.connections).toBe(1);
    expect(model.connect()).not.toBeNull();
  });

  it('answers after its time, one call at a time on a connection', () => {
    const { clock, model } = newModel();
    const session = model.connect()!;
    const said = call(session, clock);
    expect(() => call(session, clock)).toThrow('one call at a time');
    clock.advance(TIME_MS);
    expect(said).toEqual(['answer at 10']);
    const again = call(session, clock);
    clock.advance(TIME_MS);
    expect(again).toEqual(['answer at 20']);
  });

  it.each([
    ['finish', 1],
    ['cancel', 0],
  ] as const)('whose caller leaves, with `%s`, has %i connections in use', (abandoned, inUse) => {
    const { clock, model } = newModel({ abandoned });
    const session = model.connect()!;
    const said = call(session, clock);
    session.leave();
    expect(model.connections).toBe(inUse);
    clock.advance(TIME_MS);
    expect(model.connections).toBe(0);
    expect(said).toEqual([]);
  });
});

describe('a fault of a dependency', () => {
  it.each<readonly [DependencyFaultName, WrittenOptions, during: string[], afterwards: string[]]>([
    ['lock', {}, [], ['answer at 110']],
    ['slow', { factor: 3 }, ['answer at 30'], ['answer at 30']],
    ['hang', {}, [], ['cut at 100']],
    ['errors', { statuses: [502] }, ['fail 502 at 10'], ['fail 502 at 10']],
    ['reset', {}, ['cut at 10'], ['cut at 10']],
    ['refuse', {}, ['answer at 10'], ['answer at 10']],
    ['lock', { share: '0%' }, ['answer at 10'], ['answer at 10']],
    ['hang', { requests: 1 }, [], ['cut at 100']],
  ])('%s %j of 100 ms: a call meets %j, and afterwards %j', (name, written, during, afterwards) => {
    const { clock, model } = newModel();
    const session = model.connect()!;
    const undo = begin(model, name, written);
    const said = call(session, clock);
    clock.advance(100);
    expect(said).toEqual(during);
    undo();
    clock.advance(100);
    expect(said).toEqual(afterwards);
    const next = call(session, clock);
    clock.advance(TIME_MS);
    expect(next).toEqual(['answer at 210']);
  });

  it('of kind refuse leaves open connections alone and takes none', () => {
    const { clock, model } = newModel();
    const open = model.connect()!;
    const undo = begin(model, 'refuse');
    expect(model.connect()).toBeNull();
    const said = call(open, clock);
    clock.advance(TIME_MS);
    expect(said).toEqual(['answer at 10']);
    undo();
    expect(model.connect()).not.toBeNull();
  });

  it('of two locks holds until the last is released', () => {
    const { clock, model } = newModel();
    const session = model.connect()!;
    const first = begin(model, 'lock');
    const said = call(session, clock);
    const second = begin(model, 'lock');
    first();
    clock.advance(50);
    expect(said).toEqual([]);
    second();
    clock.advance(TIME_MS);
    expect(said).toEqual(['answer at 60']);
  });

  it('keeps the connections of callers that left in use while the lock lasts, as a database does', () => {
    const { clock, model } = newModel();
    const undo = begin(model, 'lock');
    for (let count = 0; count < 2; count++) {
      const session = model.connect()!;
      call(session, clock);
      session.leave();
    }
    expect(model.connect()).toBeNull();
    undo();
    clock.advance(TIME_MS);
    expect(model.connections).toBe(0);
  });
});

describe('over any sequence of events, a dependency', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant('connect' as const), which: fc.nat() }) },
    { weight: 6, arbitrary: fc.record({ does: fc.constant('call' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('leave' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('fault' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('recover' as const), which: fc.nat() }) },
    { weight: 4, arbitrary: fc.record({ does: fc.constant('wait' as const), which: fc.nat(30) }) },
  );
  const NAMES = ['lock', 'slow', 'hang', 'errors', 'reset', 'refuse'] as const;

  it('never has more connections than it takes, ends each call once at most, and every one when all is over', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('finish' as const, 'cancel' as const),
        fc.array(step, { maxLength: 120 }),
        (connections, abandoned, steps) => {
          const { clock, model } = newModel({ connections, abandoned });
          const sessions: { session: Session; left: boolean }[] = [];
          const calls: { said: string[]; of: number }[] = [];
          const undos: Undo[] = [];
          for (const { does, which } of steps) {
            const index = which % Math.max(1, sessions.length);
            const chosen = sessions[index];
            if (does === 'connect') {
              const session = model.connect();
              if (session !== null) sessions.push({ session, left: false });
            } else if (does === 'call' && chosen !== undefined && !chosen.left && !chosen.session.busy) {
              calls.push({ said: call(chosen.session, clock), of: index });
            } else if (does === 'leave' && chosen !== undefined) {
              chosen.left = true;
              chosen.session.leave();
            } else if (does === 'fault') undos.push(begin(model, NAMES[which % NAMES.length]!));
            else if (does === 'recover') undos.splice(which % Math.max(1, undos.length), 1)[0]?.();
            else if (does === 'wait') clock.advance(which);
            expect(model.connections).toBeLessThanOrEqual(connections);
            expect(model.connections).toBeGreaterThanOrEqual(sessions.filter(({ left }) => !left).length);
          }
          for (const undo of undos) undo();
          clock.advance(1_000);
          expect(model.connections).toBe(sessions.filter(({ left }) => !left).length);
          for (const { said, of } of calls) {
            expect(said.length).toBeLessThanOrEqual(1);
            if (!sessions[of]!.left) expect(said.length).toBe(1);
          }
        },
      ),
    );
  });
});
