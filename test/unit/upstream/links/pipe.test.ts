/** A direction of a connection in virtual time: order, back-pressure, and toxics that come and go. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import type { Attributes } from '../../../../src/upstream/links/attributes.js';
import { type Next, Pipe, type StageToxic } from '../../../../src/upstream/links/pipe.js';
import { HELD_BYTES, type Item } from '../../../../src/upstream/links/toxic.js';
import { TOXICS, type ToxicType } from '../../../../src/upstream/links/toxics/toxics.js';

class Bench {
  readonly clock = new VirtualClock();
  /** What came out: size or ending, and when. */
  readonly out: (readonly [what: number | string, atMs: number])[] = [];
  text = '';
  paused = false;
  full = false;
  readonly pipe: Pipe;

  constructor() {
    const bench = this;
    const sink: Next = {
      get full() {
        return bench.full;
      },
      accept: (item: Item) => {
        this.out.push(['bytes' in item ? item.bytes.length : item.ending, this.clock.nowMs()]);
        if ('bytes' in item) this.text += item.bytes.toString('latin1');
      },
    };
    const source = {
      pause: () => {
        this.paused = true;
      },
      resume: () => {
        this.paused = false;
      },
    };
    this.pipe = new Pipe({ clock: this.clock, sink, source });
  }

  stage(type: ToxicType, attributes: Attributes, passedBytes = 0): StageToxic {
    const { begin, heldBytes = HELD_BYTES } = TOXICS[type];
    const zeros = Object.fromEntries(Object.keys(TOXICS[type].attributes).map((name) => [name, 0]));
    const site = { random: new Random(1), nowMs: this.clock.nowMs(), passedBytes };
    return { flow: begin({ ...zeros, ...attributes }, site), heldBytes };
  }

  add(type: ToxicType, attributes: Attributes = {}, name: string = type): void {
    this.pipe.add(name, this.stage(type, attributes));
  }

  push(sent: number | string): void {
    this.pipe.push({ bytes: typeof sent === 'string' ? Buffer.from(sent, 'latin1') : Buffer.alloc(sent) });
  }

  end(): void {
    this.pipe.push({ ending: 'end' });
  }

  /** What came out since the last look. */
  seen(): (readonly [what: number | string, atMs: number])[] {
    return this.out.splice(0);
  }
}

describe('a pipe', () => {
  it('without a toxic passes everything on at once, and pauses the source while the sink is full', () => {
    const bench = new Bench();
    bench.push(5);
    bench.full = true;
    bench.push(6);
    expect(bench.seen()).toEqual([
      [5, 0],
      [6, 0],
    ]);
    expect(bench.paused).toBe(true);
    bench.full = false;
    bench.pipe.drained();
    expect(bench.paused).toBe(false);
    bench.end();
    expect(bench.seen()).toEqual([['end', 0]]);
  });

  it('with latency delivers later and in order, the end after the bytes', () => {
    const bench = new Bench();
    bench.add('latency', { latency: 100 });
    bench.push(1);
    bench.clock.advance(30);
    bench.push(2);
    bench.end();
    bench.clock.advance(1_000);
    expect(bench.seen()).toEqual([
      [1, 100],
      [2, 130],
      ['end', 130],
    ]);
  });

  it('adds up the toxics that the bytes pass, in the order they were added', () => {
    const bench = new Bench();
    bench.add('limit_data', { bytes: 10 });
    bench.add('latency', { latency: 50 });
    bench.push(20);
    bench.clock.advance(100);
    expect(bench.seen()).toEqual([
      [10, 50],
      ['close', 50],
    ]);
  });

  it('says nothing after an ending', () => {
    const bench = new Bench();
    bench.add('limit_data', { bytes: 1 });
    bench.push(5);
    bench.push(5);
    bench.end();
    expect(bench.seen()).toEqual([
      [1, 0],
      ['close', 0],
    ]);
  });

  it('closes by a timeout without anything having come', () => {
    const bench = new Bench();
    bench.add('timeout', { timeout: 100 });
    bench.clock.advance(60);
    bench.push(7);
    bench.clock.advance(1_000);
    expect(bench.seen()).toEqual([['close', 160]]);
  });

  it('pauses the source when a toxic holds as much as it may, and resumes it when it holds less', () => {
    const bench = new Bench();
    bench.add('bandwidth', { rate: 1 });
    bench.push(HELD_BYTES);
    expect(bench.paused).toBe(true);
    bench.clock.advance(99);
    expect(bench.paused).toBe(true);
    bench.clock.advance(1);
    expect(bench.seen()).toEqual([[100, 100]]);
    expect(bench.paused).toBe(false);
  });

  it('holds what is due while the sink is full, though not a reset', () => {
    const bench = new Bench();
    bench.add('latency', { latency: 10 });
    bench.full = true;
    bench.push(3);
    bench.clock.advance(50);
    expect(bench.seen()).toEqual([]);
    bench.full = false;
    bench.pipe.drained();
    expect(bench.seen()).toEqual([[3, 50]]);
    bench.full = true;
    bench.pipe.push({ ending: 'reset' });
    expect(bench.seen()).toEqual([['reset', 50]]);
  });

  it('makes a toxic wait for one behind it that is full', () => {
    const bench = new Bench();
    bench.add('latency', { latency: 10 });
    bench.add('bandwidth', { rate: 0 });
    bench.push(HELD_BYTES);
    bench.push(HELD_BYTES);
    bench.clock.advance(1_000);
    expect(bench.seen()).toEqual([]);
    bench.pipe.remove('bandwidth', false);
    expect(bench.seen()).toEqual([
      [HELD_BYTES, 1_000],
      [HELD_BYTES, 1_000],
    ]);
  });
});

describe('a toxic that is taken away', () => {
  it('lets go of what it held, in order, before anything new', () => {
    const bench = new Bench();
    bench.add('black-hole');
    bench.push('one ');
    bench.push('two ');
    bench.clock.advance(5_000);
    expect(bench.seen()).toEqual([]);
    bench.pipe.remove('black-hole', false);
    bench.push('three');
    expect(bench.text).toBe('one two three');
  });

  it('wakes a source that it had stopped', () => {
    const bench = new Bench();
    bench.add('black-hole');
    bench.push(HELD_BYTES);
    expect(bench.paused).toBe(true);
    bench.pipe.remove('black-hole', false);
    expect(bench.paused).toBe(false);
  });

  it('closes what it was on, if it is one that loses bytes, and nothing that it did not meet', () => {
    const met = new Bench();
    met.add('timeout');
    met.pipe.remove('timeout', true);
    expect(met.seen()).toEqual([['close', 0]]);
    const spared = new Bench();
    spared.pipe.add('timeout', { flow: null, heldBytes: HELD_BYTES });
    spared.push(5);
    spared.pipe.remove('timeout', true);
    expect(spared.seen()).toEqual([[5, 0]]);
  });
});

describe('a toxic that is changed', () => {
  it('lets go of what it held and goes on with its new attributes', () => {
    const bench = new Bench();
    bench.add('latency', { latency: 10_000 });
    bench.push(1);
    bench.clock.advance(5);
    bench.pipe.change('latency', () => bench.stage('latency', { latency: 20 }));
    bench.push(2);
    bench.clock.advance(100);
    expect(bench.seen()).toEqual([
      [1, 5],
      [2, 25],
    ]);
  });

  it('is told what it has let through', () => {
    const bench = new Bench();
    bench.add('limit_data', { bytes: 100 });
    bench.push(60);
    bench.pipe.change('limit_data', (passed) => bench.stage('limit_data', { bytes: 80 }, passed));
    bench.push(60);
    expect(bench.seen()).toEqual([
      [60, 0],
      [20, 0],
      ['close', 0],
    ]);
  });
});

/** Toxics that delay and cut, but lose nothing. */
const HARMLESS: readonly (readonly [ToxicType, Attributes])[] = [
  ['latency', { latency: 40, jitter: 30 }],
  ['bandwidth', { rate: 3 }],
  ['slicer', { average_size: 7, size_variation: 3, delay: 900 }],
  ['slow_close', { delay: 60 }],
  ['black-hole', {}],
];

type Step =
  | { readonly do: 'push'; readonly text: string }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'add' | 'remove' | 'change'; readonly toxic: number }
  | { readonly do: 'sink'; readonly full: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .string({ minLength: 1, maxLength: 200 })
    .map((text) => ({ do: 'push', text: text.replace(/[^ -~]/g, '?') }) as const),
  fc.integer({ min: 0, max: 80 }).map((ms) => ({ do: 'advance', ms }) as const),
  fc
    .tuple(fc.constantFrom('add', 'remove', 'change'), fc.nat(HARMLESS.length - 1))
    .map(([what, toxic]) => ({ do: what as 'add', toxic }) as const),
  fc.boolean().map((full) => ({ do: 'sink', full }) as const),
);

const play = (bench: Bench, one: Step): void => {
  switch (one.do) {
    case 'push':
      bench.push(one.text);
      return;
    case 'advance':
      bench.clock.advance(one.ms);
      return;
    case 'sink':
      bench.full = one.full;
      if (!one.full) bench.pipe.drained();
      return;
    default: {
      const [type, attributes] = HARMLESS[one.toxic]!;
      // The same name again would be another toxic of that name, which a link refuses.
      if (one.do !== 'change') bench.pipe.remove(type, false);
      if (one.do === 'add') bench.add(type, attributes);
      if (one.do === 'change') bench.pipe.change(type, () => bench.stage(type, attributes));
    }
  }
};

describe('whatever comes and goes', () => {
  it('no byte is lost or overtaken, and the end comes last', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new Bench();
        let sent = '';
        for (const one of steps) {
          if (one.do === 'push') sent += one.text;
          play(bench, one);
          expect(sent.startsWith(bench.text)).toBe(true);
        }
        bench.end();
        play(bench, { do: 'sink', full: false });
        bench.pipe.remove('black-hole', false);
        bench.clock.advance(1_000_000);
        expect(bench.text).toBe(sent);
        expect(bench.out.at(-1)?.[0]).toBe('end');
        expect(bench.paused).toBe(false);
      }),
    );
  });
});
