/** Faults at work on one worker: healed on time, by order or with the process, and given to the next process if they outlast it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Emit } from '../../../src/core/events.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { ActiveFaults, type Injection } from '../../../src/upstream/active-faults.js';
import {
  WORKER_FAULT_NAMES,
  WORKER_FAULTS,
  type WorkerFaultName,
} from '../../../src/upstream/faults/worker-faults.js';
import type { ToWorker } from '../../../src/upstream/messages.js';

/** What a process was told, in short. */
const makeProcess = () => {
  const told: string[] = [];
  const process = {
    send: (message: ToWorker) => {
      if (message.type === 'inject') told.push(`inject ${message.id} ${message.fault} ${message.forMs}`);
      else if (message.type === 'heal') told.push(`heal ${message.id}`);
    },
    kill: (signal?: NodeJS.Signals) => told.push(signal ?? 'SIGKILL'),
  };
  return { told, process };
};

const make = () => {
  const clock = new VirtualClock();
  const events: string[] = [];
  const emit = ((type: string, { fault, reason }: { fault: string; reason?: string }) =>
    events.push(`${clock.nowMs()} ${type} ${fault}${reason === undefined ? '' : ` ${reason}`}`)) as Emit;
  const faults = new ActiveFaults('worker-1', clock, emit);
  return { clock, events, faults };
};

const start = () => {
  const { clock, events, faults } = make();
  const { told, process } = makeProcess();
  faults.started(process);
  return { clock, events, faults, told };
};

const injection = (fault: WorkerFaultName, forMs: number | null = null): Injection => ({
  fault,
  options: {},
  forMs,
});

describe('a fault', () => {
  it('is healed when its time is over, and not before', () => {
    const { clock, events, faults, told } = start();
    faults.inject(injection('slow', 500));
    clock.advance(499);
    expect(faults.list).toEqual([injection('slow', 500)]);
    clock.advance(1);
    expect(faults.list).toEqual([]);
    expect(told).toEqual(['inject 1 slow 500', 'heal 1']);
    expect(events).toEqual(['0 fault.injected slow', '500 fault.healed slow time-over']);
  });

  it('without a time lasts until somebody heals it', () => {
    const { clock, events, faults, told } = start();
    faults.inject(injection('slow'));
    clock.advance(1e9);
    faults.heal('hang');
    expect(faults.list).toHaveLength(1);
    faults.heal('slow');
    expect(told).toEqual(['inject 1 slow null', 'heal 1']);
    expect(events.at(-1)).toBe(`${1e9} fault.healed slow ordered`);
  });

  it('that is healed by order is not healed again when its time is over', () => {
    const { clock, events, faults } = start();
    faults.inject(injection('slow', 500));
    faults.heal('slow');
    clock.advance(1_000);
    expect(events).toEqual(['0 fault.injected slow', '0 fault.healed slow ordered']);
  });

  it('is healed along with the others when all are meant, each of its kind by its name', () => {
    const { faults, told } = start();
    faults.inject(injection('slow'));
    faults.inject(injection('slow'));
    faults.inject(injection('hang'));
    faults.heal('slow');
    expect(faults.list).toEqual([injection('hang')]);
    faults.heal(null);
    expect(told.slice(3)).toEqual(['heal 1', 'heal 2', 'heal 3']);
  });

  it('that is over when it has begun is told of, and never healed', () => {
    const { events, faults, told } = start();
    faults.inject(injection('crash'));
    faults.heal(null);
    expect(faults.list).toEqual([]);
    expect(told).toEqual(['inject 0 crash null']);
    expect(events).toEqual(['0 fault.injected crash']);
  });

  it('that nothing reaches before its time is over is not called healed before', () => {
    const { clock, events, faults } = start();
    faults.inject(injection('event-loop-block', 500));
    faults.heal('event-loop-block');
    faults.heal(null);
    expect(faults.list).toHaveLength(1);
    clock.advance(500);
    expect(events.at(-1)).toBe('500 fault.healed event-loop-block time-over');
  });

  it('that is done from outside is done by signals', () => {
    const { clock, faults, told } = start();
    faults.inject(injection('stop', 500));
    clock.advance(500);
    expect(told).toEqual(['SIGSTOP', 'SIGCONT']);
  });

  it('by signals goes on until the last that has the same ones ends', () => {
    const { clock, events, faults, told } = start();
    faults.inject(injection('stop', 500));
    clock.advance(200);
    faults.inject(injection('stop', 500));
    clock.advance(300);
    expect(told).toEqual(['SIGSTOP', 'SIGSTOP']);
    expect(events.at(-1)).toBe('500 fault.healed stop time-over');
    clock.advance(200);
    expect(told).toEqual(['SIGSTOP', 'SIGSTOP', 'SIGCONT']);
    expect(faults.list).toEqual([]);
  });
});

describe('a worker that is restarted', () => {
  it('has again what was not the process’s own, with the time that is left', () => {
    const { clock, events, faults, told } = start();
    faults.inject(injection('slow', 500));
    faults.inject(injection('errors'));
    clock.advance(200);
    faults.died();
    expect(faults.list).toHaveLength(2);
    clock.advance(100);
    const next = makeProcess();
    faults.started(next.process);
    expect(next.told).toEqual(['inject 1 slow 200', 'inject 2 errors null']);
    clock.advance(200);
    expect(next.told.at(-1)).toBe('heal 1');
    expect(events.at(-1)).toBe('500 fault.healed slow time-over');
    expect(told).toEqual(['inject 1 slow 500', 'inject 2 errors null']);
  });

  it('has nothing again whose time was over while it was down', () => {
    const { clock, events, faults } = start();
    faults.inject(injection('slow', 500));
    faults.died();
    clock.advance(600);
    const next = makeProcess();
    faults.started(next.process);
    expect(next.told).toEqual([]);
    expect(events.at(-1)).toBe('500 fault.healed slow time-over');
  });

  it('has lost what was its process’s own', () => {
    const { events, faults } = start();
    faults.inject(injection('deadlock'));
    faults.inject(injection('stop', 500));
    faults.died();
    expect(faults.list).toEqual([]);
    expect(events.slice(2)).toEqual(['0 fault.healed deadlock restarted', '0 fault.healed stop restarted']);
    const next = makeProcess();
    faults.started(next.process);
    expect(next.told).toEqual([]);
  });

  it('gets what was injected while it was down, if that outlasts a process', () => {
    const { clock, events, faults } = start();
    faults.died();
    expect(faults.inject(injection('hang'))).toBe(false);
    expect(faults.inject(injection('crash'))).toBe(false);
    expect(faults.inject(injection('slow', 500))).toBe(true);
    expect(events).toEqual(['0 fault.injected slow']);
    clock.advance(100);
    const next = makeProcess();
    faults.started(next.process);
    expect(next.told).toEqual(['inject 1 slow 400']);
  });
});

describe('the end of a run', () => {
  it('takes every fault and every timer with it, without a word', () => {
    const { clock, events, faults, told } = start();
    faults.inject(injection('slow', 500));
    faults.inject(injection('stop', 500));
    faults.stop();
    clock.advance(1_000);
    expect(faults.list).toEqual([]);
    expect(told).toEqual(['inject 1 slow 500', 'SIGSTOP']);
    expect(events).toHaveLength(2);
  });
});

/** Anything that can happen to a worker. */
type Step =
  | { readonly do: 'inject'; readonly fault: WorkerFaultName; readonly forMs: number | null }
  | { readonly do: 'heal'; readonly fault: WorkerFaultName | null }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'die' | 'start' };

const name = fc.constantFrom(...WORKER_FAULT_NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('inject' as const),
    fault: name,
    forMs: fc.option(fc.integer({ min: 1, max: 1_000 })),
  }),
  fc.record({ do: fc.constant('heal' as const), fault: fc.option(name) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 500 }) }),
  fc.record({ do: fc.constantFrom('die' as const, 'start' as const) }),
);

describe('whatever happens', () => {
  it('every fault that is injected and not over is at work on the process that serves, and no other', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, events, faults } = make();
        let told: string[] | null = null;
        for (const one of steps) {
          if (one.do === 'inject') faults.inject({ fault: one.fault, options: {}, forMs: one.forMs });
          else if (one.do === 'heal') faults.heal(one.fault);
          else if (one.do === 'wait') clock.advance(one.ms);
          else if (one.do === 'die') {
            faults.died();
            told = null;
          } else if (told === null) {
            const { process, told: lines } = makeProcess();
            told = lines;
            faults.started(process);
          }
        }
        const working = new Set<string>();
        for (const line of told ?? []) {
          const [what, id, fault] = line.split(' ');
          if (what === 'inject' && id !== '0') working.add(`${id} ${fault}`);
          if (what === 'heal')
            for (const other of working) if (other.startsWith(`${id} `)) working.delete(other);
        }
        const atWork = faults.list.map(({ fault }) => fault).filter((fault) => fault !== 'stop');
        if (told !== null)
          expect([...working].map((text) => text.split(' ')[1]).sort()).toEqual(atWork.sort());
        // Each that began and was not a moment's has ended, or is at work.
        const moments = (line: string) =>
          WORKER_FAULTS[line.split(' ')[2] as WorkerFaultName].lasts === 'moment';
        const began = events.filter((line) => line.includes('fault.injected') && !moments(line)).length;
        const ended = events.filter((line) => line.includes('fault.healed')).length;
        expect(faults.list).toHaveLength(began - ended);
      }),
    );
  });
});
