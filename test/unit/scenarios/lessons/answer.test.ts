/** An answer to a lesson is worth what the run shows. */
import { describe, expect, it } from 'vitest';
import { gradeLesson } from '../../../../src/scenarios/lessons/answer.js';
import type { VariantResult } from '../../../../src/scenarios/result.js';

const LESSON = {
  answer: 'b',
  shown: [
    { expression: 'availability[outage] < 50%', variant: 'one', text: 'few are served' },
    { expression: 'crashes > 0', variant: 'two', text: 'somebody died' },
  ],
};

const variant = (name: string, expression: string, pass: boolean): VariantResult =>
  ({ name, thresholds: [{ expression, pass, observedText: '12%' }] }) as unknown as VariantResult;

const shown = [variant('one', LESSON.shown[0]!.expression, true), variant('two', 'crashes > 0', true)];

describe('an answer', () => {
  it.each([
    ['b', 'right'],
    ['a', 'wrong'],
  ])('%s is %s where the run shows what is right', (given, verdict) => {
    expect(gradeLesson(LESSON, shown, given)).toMatchObject({ verdict, answer: 'b' });
  });

  it('is neither where a threshold does not hold, or was not judged', () => {
    const failed = [shown[0]!, variant('two', 'crashes > 0', false)];
    expect(gradeLesson(LESSON, failed, 'b').verdict).toBe('not-shown');
    const { verdict, evidence } = gradeLesson(LESSON, [shown[0]!], 'a');
    expect(verdict).toBe('not-shown');
    expect(evidence.map(({ observedText }) => observedText)).toEqual(['12%', null]);
  });
});
