/** Every lesson is whole, and its run shows the answer. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLesson } from '../../src/scenarios/lessons/lesson.js';
import { lessonScenario, readLessons } from '../../src/scenarios/lessons/lessons.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';

const LESSONS = readLessons();

const named = LESSONS.map((lesson) => [lesson.name, lesson] as const);

/** How long a lesson may take of its own time: it has to be over in seconds, on real processes too. */
const MAX_SECONDS = 200;

/** In virtual time a lesson takes a second or two; a neighbour may have the processor meanwhile. */
const WAIT_MS = 300_000;

const runLesson = async (lesson: (typeof LESSONS)[number], seed?: number): Promise<VariantResult[]> => {
  const source = { ...lessonScenario(lesson), options: { engine: 'virtual', seed } as const };
  const scenario = parseScenario(source.text, source.file, source.options);
  const { signal } = new AbortController();
  return runVirtually(scenario, scenario.variants, source, { signal });
};

describe('the lessons', () => {
  it('are ten, in order', () => {
    expect(LESSONS.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { number, name } of LESSONS) expect(Number.parseInt(name, 10)).toBe(number);
  });

  it('are all in the index, in order', () => {
    const index = readFileSync(new URL('../../docs/learn/README.md', import.meta.url), 'utf8');
    const listed = [...index.matchAll(/^\| (\d+) \| \[[^\]]+\]\(([^)]+)\.md\)/gm)];
    expect(listed.map(([, number, name]) => `${number} ${name}`)).toEqual(
      LESSONS.map(({ number, name }) => `${number} ${name}`),
    );
  });

  it('say what is missing in one that is not whole', () => {
    expect(() => parseLesson('x', '# 1. x\n\ntext\n\n## Run it\n')).toThrow(
      'there is no "## What to look at"',
    );
    expect(() => parseLesson('x', 'text')).toThrow('# NUMBER. TITLE');
  });
});

describe.each(named)('the lesson %s', (_name, lesson) => {
  const { file, text } = lessonScenario(lesson);

  it('has every part', () => {
    expect(lesson.idea.length).toBeGreaterThan(300);
    expect(lesson.setting).not.toContain('```');
    expect(lesson.look.length).toBeGreaterThanOrEqual(2);
    expect(lesson.question).toMatch(/\?$/);
    expect(lesson.choices.map(({ letter }) => letter).join('')).toBe('abc');
    expect(lesson.choices.map(({ letter }) => letter)).toContain(lesson.answer);
    expect(lesson.why.length).toBeGreaterThan(100);
    expect(lesson.shown.length).toBeGreaterThanOrEqual(2);
  });

  it('is a page at most', () => {
    const page = readFileSync(new URL(`../../docs/learn/${lesson.name}.md`, import.meta.url), 'utf8');
    expect(page.split('\n').length).toBeLessThanOrEqual(80);
    // Each says how it is run, by its own number.
    expect(page).toContain(`npx badgateway learn ${lesson.number}\n`);
  });

  it('rests on thresholds that its scenario has, and names only variants that it has', () => {
    const { variants } = parseScenario(text, file, { engine: 'real' });
    for (const { expression, variant } of lesson.shown) {
      const found = variants.find(({ name }) => name === variant);
      expect(found?.thresholds.map((threshold) => threshold.text)).toContain(expression);
    }
    const seconds = variants.reduce((sum, { durationMs }) => sum + durationMs / 1_000, 0);
    expect(seconds).toBeLessThanOrEqual(MAX_SECONDS);
  });

  it(
    'is shown by its run',
    async () => {
      const results = await runLesson(lesson);
      expect(results.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`))).toEqual(
        [],
      );
      const held = results.flatMap(({ name, thresholds }) =>
        thresholds.filter(({ pass }) => pass).map(({ expression }) => `${name}: ${expression}`),
      );
      for (const { variant, expression } of lesson.shown) expect(held).toContain(`${variant}: ${expression}`);
    },
    WAIT_MS,
  );
});
