/** More to look at, for points; and the answer: what is wrong, where, and what is done. */
import { useState } from 'preact/hooks';
import type { ChallengeAnswer } from '../../../scenarios/live/learn-answers.js';
import { type Learner, useLearner } from './learner.js';
import { News } from './page-parts.js';

export const MoreEvidence = ({
  game,
  learner,
}: {
  readonly game: ChallengeAnswer;
  readonly learner: Learner;
}) => {
  const { kinds, seen, pointsLeft } = game;
  const looked = new Set(seen.map(({ kind }) => kind));
  return (
    <section aria-label="More to look at">
      <h3>More to look at</h3>
      <p class="soft">
        <output>{pointsLeft} points are left</output> for doing without.
      </p>
      <ul class="learn-kinds">
        {kinds.map(({ kind, title, cost }) => (
          <li key={kind}>
            <span>
              {title}
              <span class="soft"> · {looked.has(kind) ? 'seen' : `costs ${cost}`}</span>
            </span>
            <button
              type="button"
              disabled={looked.has(kind)}
              aria-label={`Look at: ${title}`}
              onClick={() => void learner.look(kind)}
            >
              Look
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
};

const QUESTIONS = [
  ['cause', 'causes', 'What is wrong?'],
  ['on', 'places', 'Where?'],
  ['mitigation', 'mitigations', 'What do you do now?'],
] as const;

export const Answer = ({ game, learner }: { readonly game: ChallengeAnswer; readonly learner: Learner }) => {
  const busy = useLearner(learner, (state) => state.busy);
  const [given, setGiven] = useState<Readonly<Record<string, string>>>({});
  const isWhole = QUESTIONS.every(([key]) => given[key] !== undefined);
  const answer = (event: Event): void => {
    event.preventDefault();
    if (isWhole) void learner.answerGame(given);
  };
  return (
    <section aria-label="Your answer">
      <form onSubmit={answer}>
        {QUESTIONS.map(([key, list, title]) => (
          <fieldset key={key} class="learn-choices">
            <legend>{title}</legend>
            {game[list].map(({ name, text }) => (
              <label key={name}>
                <input
                  type="radio"
                  name={key}
                  value={name}
                  checked={given[key] === name}
                  onChange={() => setGiven({ ...given, [key]: name })}
                />
                <span>{text}</span>
              </label>
            ))}
          </fieldset>
        ))}
        <div class="lab-actions">
          <button type="submit" class="primary" disabled={!isWhole || busy !== null}>
            Do it
          </button>
          {!isWhole && <span class="soft">Three answers, then it is done.</span>}
        </div>
        <News learner={learner} />
      </form>
    </section>
  );
};
