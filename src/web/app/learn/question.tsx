/** The question of a lesson, and what its run says to the answer. */
import { useState } from 'preact/hooks';
import type { LessonAnswer, LessonVerdict } from '../../../scenarios/live/learn-answers.js';
import { type Learner, useLearner } from './learner.js';
import { Inline, Markdown } from './markdown.js';

const SIGNS = { right: '✓', wrong: '✗', 'not-shown': '?' } as const;

const TONES = { right: 'good', wrong: 'bad', 'not-shown': 'warn' } as const;

const judgement = ({ verdict, given, answer }: LessonVerdict): string => {
  if (verdict === 'right') return `${given} is right.`;
  if (verdict === 'wrong') return `${given} is not what happened; it is ${answer}.`;
  return `It is ${answer}, though this run does not show it: the machine may have been too busy. Run it in virtual time.`;
};

const Verdict = ({ lesson, verdict }: { readonly lesson: LessonAnswer; readonly verdict: LessonVerdict }) => {
  const { answer, why, evidence } = verdict;
  const right = lesson.choices.find(({ letter }) => letter === answer);
  return (
    <div class="learn-verdict">
      {right !== undefined && (
        <p>
          <b>{answer}.</b> <Inline text={right.text} />
        </p>
      )}
      <Markdown text={why} />
      <h3>The run shows it</h3>
      <ul class="learn-evidence">
        {evidence.map(({ variant, expression, text, observedText, pass }) => (
          <li key={`${variant} ${expression}`}>
            <span class={pass ? 'good' : 'bad'}>
              <span aria-hidden="true">{pass ? '✓' : '✗'}</span>
              <span class="unseen">{pass ? 'holds:' : 'does not hold:'}</span>
            </span>{' '}
            <span>
              <b>{variant}</b> <code>{expression}</code>{' '}
              <span class="soft">observed {observedText ?? 'nothing'}</span>
              <br />
              <Inline text={text} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
};

export const Question = ({
  lesson,
  learner,
}: {
  readonly lesson: LessonAnswer;
  readonly learner: Learner;
}) => {
  const { number, question, choices } = lesson;
  const verdict = useLearner(learner, ({ verdicts }) => verdicts.get(number) ?? null);
  const isRun = useLearner(learner, ({ runs }) => runs.has(number));
  const busy = useLearner(learner, (state) => state.busy);
  const [given, setGiven] = useState<string | null>(verdict?.given ?? null);
  const answer = (event: Event): void => {
    event.preventDefault();
    if (given !== null) void learner.answer(lesson, given);
  };
  return (
    <section aria-label="Question">
      <h3>Question</h3>
      <form onSubmit={answer}>
        <fieldset class="learn-choices">
          <legend>
            <Inline text={question} />
          </legend>
          {choices.map(({ letter, text }) => (
            <label key={letter}>
              <input
                type="radio"
                name={`answer-${number}`}
                value={letter}
                checked={given === letter}
                onChange={() => setGiven(letter)}
              />
              <span>
                {letter}. <Inline text={text} />
              </span>
            </label>
          ))}
        </fieldset>
        <div class="lab-actions">
          <button type="submit" class="primary" disabled={given === null || busy !== null}>
            Answer
          </button>
          {!isRun && <span class="soft">It was not run yet: the answer runs it.</span>}
          <output class={`learn-judgement ${verdict === null ? '' : TONES[verdict.verdict]}`}>
            {verdict === null ? '' : `${SIGNS[verdict.verdict]} ${judgement(verdict)}`}
          </output>
        </div>
      </form>
      {verdict !== null && <Verdict lesson={lesson} verdict={verdict} />}
    </section>
  );
};
