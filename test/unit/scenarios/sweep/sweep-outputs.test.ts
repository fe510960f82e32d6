/** What a sweep is drawn as, from its document: maps and lists for a terminal, CSV, SVG and a page. */
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { renderCsv } from '../../../../src/scenarios/sweep/sweep-csv.js';
import { renderSweep } from '../../../../src/scenarios/sweep/sweep-report.js';
import {
  type SweepResult,
  SweepResultSchema,
  toSweepResult,
} from '../../../../src/scenarios/sweep/sweep-result.js';
import { renderSweepPage, renderSweepSvg } from '../../../../src/web/sweep-page.js';
import { htmlProblems } from '../../../support/html.js';
import { GRID, measuredBy, planned, SWEPT, swept, WHEN } from '../../../support/sweeps.js';

const PLAIN = { color: false, columns: 100 };

describe('the document', () => {
  const validator = Compile(SweepResultSchema);

  it('is valid by its schema, as it is and as it comes back from JSON', () => {
    const result = swept(GRID, { metrics: ['availability[after]', 'latency.p99[after]'] });
    expect([...validator.Errors(result)]).toEqual([]);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('has the median and the range of every cell, and how many runs recovered', () => {
    const { cells, runs } = swept(GRID);
    expect(runs).toHaveLength(24);
    const cell = cells.find(({ point }) => point[0] === 0.8 && point[1] === '200ms');
    expect(cell).toMatchObject({
      runs: 2,
      recovered: 1,
      metrics: [{ median: 0.5, min: 0, max: 1, measured: 2 }],
      hiddenCapacity: { capacityRps: 100, amplification: 2, hiddenRps: 50, offeredRps: 80 },
    });
  });

  it('keeps what never happened apart from what has no value', () => {
    const plan = planned(['load.scale=1'], { metrics: ['recovered'], seeds: () => [1, 2, 3] });
    const values = [['never'], [null], [4]] as const;
    const measured = measuredBy(plan, ({ seed }) => ({ values: values[seed - 1]!, recovered: false }));
    const [cell] = toSweepResult(plan, measured, WHEN).cells;
    expect(cell!.metrics).toEqual([{ median: 'never', min: 4, max: 'never', measured: 2 }]);
  });
});

describe('the map for a terminal', () => {
  it('has the values in percent, marks where seeds disagree, and draws the hidden capacity', () => {
    expect(renderSweep(swept(GRID), PLAIN)).toBe(`
A small one, swept  swept, virtual time
availability[after] in percent, the median of 2 seeds
* seeds disagree: some runs recovered, and some did not
│ ─ hidden capacity: below it, it comes back whatever the trigger

default
                   load.scale
  timeline.0.for   0.4  0.6  0.8    1
           100ms   100│ 100  100    0
           200ms   100│ 100  50*    0
           400ms   100│ 50*    0    0
  hidden capacity: 50/s (capacity 100/s / worst amplification 2), at load.scale = 0.5
`);
  });

  it('draws the line down where the load is down', () => {
    const report = renderSweep(swept(['timeline.0.for=100ms,200ms', 'load.scale=0.4,0.6']), PLAIN);
    const lines = report.split('\n').map((line) => line.trim());
    expect(lines.findIndex((line) => /^─+ ─+$/.test(line))).toBe(
      lines.findIndex((line) => line.startsWith('0.4')) + 1,
    );
    expect(report).toContain('at load.scale = 0.5');
  });

  it('has a map for each value of a third parameter and each variant', () => {
    const text = `${SWEPT}variants: { one: {}, two: { clients: { retry: { attempts: 1 } } } }\n`;
    const report = renderSweep(swept([...GRID, 'fleet.slots=1,2'], { text }), PLAIN);
    const titles = report.split('\n').filter((line) => /^(one|two),/.test(line));
    expect(titles).toEqual([
      'one, fleet.slots=1',
      'one, fleet.slots=2',
      'two, fleet.slots=1',
      'two, fleet.slots=2',
    ]);
    expect(report).toContain('hidden capacity: 200/s');
  });

  it('is a list with bars where one parameter is varied', () => {
    const report = renderSweep(swept(['load.scale=0.4,0.9,1']), PLAIN);
    const bar = '█'.repeat(40);
    expect(report).toContain(`         0.4 ${bar}  100%, 2 of 2 runs recovered`);
    expect(report).toContain(
      `         0.9 ${'█'.repeat(20)}${' '.repeat(20)}* 50% (0% to 100%), 1 of 2 runs recovered`,
    );
    expect(report).toMatch(/^ +─+ hidden capacity$/m);
  });

  it('has the longer bar for the larger value, also where less is better', () => {
    const plan = planned(['load.scale=0.4,1'], { metrics: ['latency.p99[after]'] });
    const measured = measuredBy(plan, ({ point }) => ({ values: [Number(point[0]) * 100], recovered: true }));
    const report = renderSweep(toSweepResult(plan, measured, WHEN), PLAIN);
    const bars = report.split('\n').flatMap((line) => /█+/.exec(line)?.[0].length ?? []);
    expect(bars).toEqual([16, 40]);
  });

  it('has one character a cell where the terminal is narrow', () => {
    const report = renderSweep(swept(GRID), { color: false, columns: 30 });
    expect(report).toContain('load.scale: 0.4 to 1; 9 is best');
    expect(report).toContain('           200ms  9│9 * 0');
  });

  it('has colour when it may, and the same text', () => {
    const colored = renderSweep(swept(GRID), { color: true, columns: 100 });
    const ESCAPE = '\u001b';
    expect(colored).toContain(`${ESCAPE}[48;5;`);
    expect(colored.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '')).toBe(
      renderSweep(swept(GRID), PLAIN),
    );
  });

  it('says why the hidden capacity is not known', () => {
    const text = SWEPT.replace('healthCheck: off', 'healthCheck: off, cache: {}');
    expect(renderSweep(swept(GRID, { text }), PLAIN)).toContain(
      'hidden capacity: not known, because a cache answers some of the requests',
    );
  });

  it('says that no line is to be seen where no parameter crosses it', () => {
    const report = renderSweep(swept(['timeline.0.for=100ms,200ms']), PLAIN);
    expect(report).toContain('no line: 100/s asked for is on one side of it');
  });

  it('leaves empty what an interruption left out, and says so', () => {
    const plan = planned(['load.scale=0.4,0.6', 'timeline.0.for=100ms,200ms']);
    const [first] = measuredBy(plan, () => ({ values: [1], recovered: true }));
    const result = toSweepResult(plan, [first!], { ...WHEN, partial: true });
    expect(renderSweep(result, PLAIN)).toContain('INTERRUPTED: 1 of 8 runs were measured.');
    for (const render of [renderCsv, renderSweepPage, renderSweepSvg]) expect(render(result)).not.toBe('');
  });
});

describe('the table for other programs', () => {
  it('has a line for each run, with every parameter and metric', () => {
    const result = swept(GRID, { metrics: ['availability[after]', 'latency.p99[after] - 5ms * 1'] });
    const lines = renderCsv(result).split('\r\n');
    expect(lines).toHaveLength(24 + 2);
    expect(lines[0]).toBe(
      'variant,load.scale,timeline.0.for,seed,availability[after],latency.p99[after] - 5ms * 1,recovered',
    );
    expect(lines[1]).toBe('default,0.4,100ms,7,1,12.5,true');
  });

  it('quotes what has a comma or a quote in it', () => {
    const result = { ...swept(['load.scale=0.4']), variants: ['a'] };
    result.runs[0]!.variant = 'a "b", c';
    expect(renderCsv(result)).toContain('"a ""b"", c",0.4');
  });
});

describe('pictures', () => {
  const result = swept(GRID);
  const title = '<b>&"';
  const hostile: SweepResult = { ...result, scenario: { name: 'x', title } };

  it('the page is valid', async () => {
    for (const one of [result, hostile]) expect(await htmlProblems(renderSweepPage(one))).toEqual([]);
  });

  it.each([
    ['the page', renderSweepPage],
    ['the picture', renderSweepSvg],
  ])('%s loads nothing, runs nothing, and takes no text for markup', (_name, render) => {
    const text = render(hostile);
    expect(text).not.toMatch(/<script|<link|@import|url\(|\bsrc=|href=/);
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
    expect(text).not.toContain(title);
    expect(text).toContain('&lt;b&gt;');
  });

  it.each([
    ['the page', renderSweepPage],
    ['the picture', renderSweepSvg],
  ])('%s has every cell with its value and range, in light and in dark, and the line', (_name, render) => {
    const text = render(result);
    expect(text.match(/<g><title>/g)).toHaveLength(12);
    expect(text).toContain(
      '<title>load.scale=0.8, timeline.0.for=200ms: 50% (0% to 100%), 1 of 2 runs recovered</title>',
    );
    expect(text.match(/<line class="hidden"/g)).toHaveLength(3);
    expect(text).toContain('prefers-color-scheme:dark');
  });
});
