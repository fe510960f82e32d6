/** The guided tour: the ten lessons of `docs/learn`, each with its run, what to look at, and its question. */

import { formatDuration } from '../../../core/units.js';
import type { LessonAnswer } from '../../../scenarios/live/learn-answers.js';
import type { LabStore } from '../lab/store.js';
import { RowsTable } from '../report/summary-section.js';
import { EXERCISES } from './exercises.js';
import { type Learner, runOrder, useLearner, watchOrder } from './learner.js';
import { Inline, Markdown } from './markdown.js';
import { Arrival, ByHand, Head, News } from './page-parts.js';
import { Question } from './question.js';
import { RunCurves } from './run-curves.js';

const Contents = ({
  lessons,
  number,
  learner,
}: {
  readonly lessons: readonly LessonAnswer[];
  readonly number: number;
  readonly learner: Learner;
}) => {
  const verdicts = useLearner(learner, (state) => state.verdicts);
  return (
    <nav class="learn-contents" aria-label="Lessons">
      <ol>
        {lessons.map((one) => {
          const isRight = verdicts.get(one.number)?.verdict === 'right';
          return (
            <li key={one.number}>
              <a href={`#lesson-${one.number}`} aria-current={one.number === number ? 'page' : undefined}>
                <span class="learn-number">{one.number}</span> <span class="learn-title">{one.title}</span>
                {isRight && (
                  <span class="good">
                    {' '}
                    <span aria-hidden="true">✓</span>
                    <span class="unseen">answered</span>
                  </span>
                )}
              </a>
            </li>
          );
        })}
      </ol>
    </nav>
  );
};

const Run = ({ lesson, learner }: { readonly lesson: LessonAnswer; readonly learner: Learner }) => {
  const { number, realTimeMs } = lesson;
  const run = useLearner(learner, ({ runs }) => runs.get(number) ?? null);
  const busy = useLearner(learner, (state) => state.busy);
  return (
    <section aria-label="The run">
      <div class="lab-actions">
        <button
          type="button"
          class={run === null ? 'primary' : ''}
          disabled={busy !== null}
          onClick={() => void learner.run(lesson)}
        >
          {run === null ? 'Run it' : 'Run it again'}
        </button>
        <span class="soft">in virtual time, a second or two</span>
        <button type="button" disabled={busy !== null} onClick={() => void learner.watch(lesson)}>
          Watch it in the lab
        </button>
        <span class="soft">
          on real processes, in the lab’s place, about {formatDuration(Math.round(realTimeMs / 1000) * 1000)}
        </span>
      </div>
      <News learner={learner} />
      {run !== null && (
        <>
          {run.spoiled.length > 0 && (
            <p class="warn">
              ! The machine was too busy for {run.spoiled.join(', ')}, or it was stopped: run it in virtual
              time.
            </p>
          )}
          <RunCurves report={run.report} id={`curves-${number}`} />
          <RowsTable label="The variants side by side" rows={run.rows} />
          <p class="soft">
            {run.engine === 'virtual' ? 'Virtual time: the same at every run.' : 'On real processes.'}
          </p>
        </>
      )}
    </section>
  );
};

interface LessonProps {
  readonly number: number;
  readonly learner: Learner;
  readonly store: LabStore;
}

const Exercises = ({ number, learner, store }: LessonProps) => {
  const exercises = EXERCISES.filter(({ lesson }) => lesson === number);
  if (exercises.length === 0) return null;
  const isLab = (): boolean => store.state.phase === 'running' && store.state.begin?.mode === 'lab';
  return (
    <section aria-label="In the lab">
      <h3>In the lab</h3>
      <p>The same, by hand, in the lab’s own small service:</p>
      <div class="lab-actions">
        {exercises.map((exercise) => (
          <button type="button" key={exercise.title} onClick={() => void learner.practise(exercise, isLab())}>
            {exercise.title}
          </button>
        ))}
      </div>
    </section>
  );
};

const Steps = ({
  number,
  count,
  learner,
}: {
  readonly number: number;
  readonly count: number;
  readonly learner: Learner;
}) => (
  <div class="lab-actions learn-steps">
    <button
      type="button"
      disabled={number <= 1}
      onClick={() => learner.go({ name: 'lesson', number: number - 1 })}
    >
      Back
    </button>
    {number < count ? (
      <button type="button" onClick={() => learner.go({ name: 'lesson', number: number + 1 })}>
        Next lesson
      </button>
    ) : (
      <button type="button" onClick={() => learner.go({ name: 'challenge', id: null })}>
        To the challenge
      </button>
    )}
  </div>
);

const LessonPage = ({
  lesson,
  count,
  learner,
  store,
}: {
  readonly lesson: LessonAnswer;
  readonly count: number;
  readonly learner: Learner;
  readonly store: LabStore;
}) => {
  const { number, title, idea, setting, look } = lesson;
  return (
    <article class="learn-lesson">
      <Arrival text={`${number}. ${title}`} />
      <Markdown text={idea} />
      <h3>What is run</h3>
      <Markdown text={setting} />
      <Run lesson={lesson} learner={learner} />
      <h3>What to look at</h3>
      <ul>
        {look.map((item) => (
          <li key={item}>
            <Inline text={item} />
          </li>
        ))}
      </ul>
      <Question lesson={lesson} learner={learner} />
      <Exercises number={number} learner={learner} store={store} />
      <Steps number={number} count={count} learner={learner} />
      <ByHand
        learner={learner}
        orders={[runOrder(number), watchOrder(lesson)]}
        command={`badgateway learn ${number}`}
      />
    </article>
  );
};

export const Lessons = ({ number, learner, store }: LessonProps) => {
  const lessons = useLearner(learner, (state) => state.lessons);
  const lesson = lessons?.find((one) => one.number === number);
  return (
    <main class="learn">
      <Head title="Guided tour: ten lessons" learner={learner}>
        <button type="button" onClick={() => learner.go({ name: 'challenge', id: null })}>
          Challenge
        </button>
      </Head>
      {lessons === null || lesson === undefined ? (
        <>
          <p class="soft">{lessons === null ? 'Asking for the lessons…' : `There is no lesson ${number}.`}</p>
          <News learner={learner} />
          {lessons !== null && <Contents lessons={lessons} number={number} learner={learner} />}
        </>
      ) : (
        <div class="learn-body">
          <Contents lessons={lessons} number={number} learner={learner} />
          <LessonPage key={number} lesson={lesson} count={lessons.length} learner={learner} store={store} />
        </div>
      )}
    </main>
  );
};
