/** The challenge: an outage with a hidden cause. What it was is not in the page before it has been answered. */
import { useState } from 'preact/hooks';
import type { ChallengeAnswer, ChallengeVerdict } from '../../../scenarios/live/learn-answers.js';
import { Answer, MoreEvidence } from './challenge-answer.js';
import { Evidence } from './challenge-evidence.js';
import { beginOrder, type Learner, useLearner } from './learner.js';
import { Arrival, ByHand, Head, News } from './page-parts.js';
import { RunCurves } from './run-curves.js';

const LEVELS = [
  [1, 'six causes: a worker, all of them, or the clients'],
  [2, 'also configs, deploys, the network and a third party; something harmless happened too'],
  [3, 'all causes, and more that happened on that day'],
] as const;

const Begin = ({ learner }: { readonly learner: Learner }) => {
  const busy = useLearner(learner, (state) => state.busy);
  const [level, setLevel] = useState(1);
  const [seed, setSeed] = useState('');
  const begin = (event: Event): void => {
    event.preventDefault();
    void learner.begin({ level, ...(seed.trim() !== '' && { seed: Number(seed) }) });
  };
  return (
    <section class="learn-lesson" aria-label="A new challenge">
      <Arrival text="Find it, do something, see what that came to" />
      <p>
        An outage is run and stopped for you nine seconds after it began. You see what somebody on call sees,
        may look at more for points, and say what is wrong, where, and what you do. Then the same outage is
        run again, with the same requests and with what you did.
      </p>
      <form onSubmit={begin}>
        <fieldset class="learn-choices">
          <legend>Level</legend>
          {LEVELS.map(([one, text]) => (
            <label key={one}>
              <input type="radio" name="level" checked={one === level} onChange={() => setLevel(one)} />
              <span>
                {one}: {text}
              </span>
            </label>
          ))}
        </fieldset>
        <p class="learn-seed">
          <label for="challenge-seed">Seed</label>
          <input
            id="challenge-seed"
            type="number"
            min="0"
            max={2 ** 31 - 1}
            step="1"
            value={seed}
            onInput={({ currentTarget }) => setSeed(currentTarget.value)}
          />
          <span class="soft">the same one is the same challenge; empty: any</span>
        </p>
        <div class="lab-actions">
          <button type="submit" class="primary" disabled={busy !== null}>
            Begin
          </button>
        </div>
        <News learner={learner} />
      </form>
      <ByHand
        learner={learner}
        orders={[beginOrder({ level, ...(seed.trim() !== '' && { seed: Number(seed) }) })]}
        command={`badgateway challenge --level ${level}${seed.trim() === '' ? '' : ` --seed ${seed.trim()}`}`}
      />
    </section>
  );
};

const Grade = ({ verdict: { rows, total, max } }: { readonly verdict: ChallengeVerdict }) => (
  <>
    <p class="learn-total">
      <output>
        <b>{total}</b> of {max} points
      </output>
    </p>
    <ul class="learn-grade">
      {rows.map(({ title, points, of, isRight, text }) => (
        <li key={title}>
          <span class={isRight ? 'good' : 'bad'}>
            <span aria-hidden="true">{isRight ? '✓' : '✗'}</span> {title}
          </span>
          <span class="learn-points">
            {points} of {of}
          </span>
          <span>{text}</span>
        </li>
      ))}
    </ul>
  </>
);

const Verdict = ({
  game,
  verdict,
  learner,
}: {
  readonly game: ChallengeAnswer;
  readonly verdict: ChallengeVerdict;
  readonly learner: Learner;
}) => {
  const report = useLearner(learner, (state) => state.gameReport);
  const busy = useLearner(learner, (state) => state.busy);
  const { level, seed } = game;
  return (
    <section class="learn-outcome" aria-label="The grade">
      <Arrival text="What that came to" />
      <Grade verdict={verdict} />
      <h3>What it was</h3>
      {verdict.story.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <div class="lab-actions">
        <button
          type="button"
          class="primary"
          disabled={busy !== null}
          onClick={() => void learner.begin({ level })}
        >
          Another one
        </button>
        <button type="button" disabled={busy !== null} onClick={() => void learner.begin({ level, seed })}>
          The same again
        </button>
        <button type="button" onClick={() => learner.go({ name: 'lesson', number: verdict.lesson })}>
          The lesson about it
        </button>
      </div>
      <News learner={learner} />
      {report !== null && (
        <>
          <h3>The same outage, without and with what you did at {game.nowS.toFixed(1)} s</h3>
          <RunCurves report={report} id="outcome-curves" />
        </>
      )}
      <h2>What you saw</h2>
    </section>
  );
};

const Play = ({ game, learner }: { readonly game: ChallengeAnswer; readonly learner: Learner }) => {
  const { seed, level, nowS, verdict } = game;
  return (
    <>
      {verdict !== null && <Verdict game={game} verdict={verdict} learner={learner} />}
      {verdict === null && (
        <>
          <Arrival text={`Challenge ${seed}, level ${level}`} />
          <p>
            It is {nowS.toFixed(1)} s, and users have been hurt for some seconds. You are on call. Find out
            what is wrong and where, and do something.
          </p>
        </>
      )}
      <div class={verdict === null ? 'learn-game' : ''}>
        <Evidence game={game} />
        {verdict === null && (
          <div class="learn-answer">
            <MoreEvidence game={game} learner={learner} />
            <Answer key={game.id} game={game} learner={learner} />
          </div>
        )}
      </div>
      <ByHand
        learner={learner}
        orders={[beginOrder({ level, seed })]}
        command={`badgateway challenge --level ${level} --seed ${seed}`}
      />
    </>
  );
};

export const Challenge = ({ learner }: { readonly learner: Learner }) => {
  const game = useLearner(learner, (state) => state.game);
  return (
    <main class="learn">
      <Head title="Challenge" learner={learner}>
        {game !== null && (
          <button type="button" onClick={() => learner.leaveGame()}>
            Choose another
          </button>
        )}
        <button type="button" onClick={() => learner.go({ name: 'lesson', number: 1 })}>
          Guided tour
        </button>
      </Head>
      {game === null ? <Begin learner={learner} /> : <Play game={game} learner={learner} />}
    </main>
  );
};
