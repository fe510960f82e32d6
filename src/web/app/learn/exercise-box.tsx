/** An exercise of a lesson, over the lab: done by the reader or for the reader, with the same orders as the controls'. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Outcome } from '../lab/api.js';
import { curlOf, type Order } from '../lab/commands.js';
import { Said, useDesk } from '../lab/desk.js';
import { type LabStore, useLab } from '../lab/store.js';
import { type Exercise, sinceOf } from './exercises.js';
import type { Learner } from './learner.js';

/** One after the other; the first that is refused ends it. */
const useOrders = (): {
  readonly outcome: Outcome | null;
  readonly said: string;
  readonly give: (orders: readonly Order[]) => Promise<boolean>;
} => {
  const desk = useDesk();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [said, setSaid] = useState('');
  const give = async (orders: readonly Order[]): Promise<boolean> => {
    for (const order of orders) {
      const got = await desk.give(order);
      setSaid(orders.map((one) => one.said).join(', then '));
      setOutcome(got);
      if (!got.done) return false;
    }
    return true;
  };
  return { outcome, said, give };
};

const Commands = ({ orders }: { readonly orders: readonly Order[] }) => {
  const { api } = useDesk();
  if (orders.length === 0) return null;
  return (
    <details>
      <summary>What the button does</summary>
      {orders.map((order) => (
        <pre key={order.said}>
          <code>{curlOf(order, api.address, api.isGuarded)}</code>
        </pre>
      ))}
    </details>
  );
};

const Seen = ({
  store,
  exercise,
  fromS,
}: {
  readonly store: LabStore;
  readonly exercise: Exercise;
  readonly fromS: number;
}) => {
  const isNow = useLab(store, (state) => exercise.isSeen(sinceOf(state, fromS)));
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (isNow) setSeen(true);
  }, [isNow]);
  return (
    <output class={`lab-seen ${isSeen ? 'good' : 'soft'}`}>
      {isSeen ? `✓ ${exercise.seen}` : '… not seen yet'}
    </output>
  );
};

export const ExerciseBox = ({
  store,
  learner,
  exercise,
}: {
  readonly store: LabStore;
  readonly learner: Learner;
  readonly exercise: Exercise;
}) => {
  const now = (): number => store.state.ticks.at(-1)?.t ?? 0;
  const [fromS, setFromS] = useState(now);
  const heading = useRef<HTMLHeadingElement>(null);
  const { outcome, said, give } = useOrders();
  const { title, text, look, orders, tidy, lesson } = exercise;
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="lab-tour" aria-label="Exercise">
      <header class="lab-row">
        <h2 ref={heading} tabIndex={-1}>
          Lesson {lesson}, in the lab: {title}
        </h2>
        <button
          type="button"
          onClick={async () => {
            await give(tidy);
            learner.endExercise();
          }}
        >
          End the exercise
        </button>
      </header>
      <p>{text}</p>
      <p>
        <b>Look at:</b> {look}
      </p>
      <div class="lab-actions">
        {orders.length > 0 && (
          <button
            type="button"
            class="primary"
            onClick={() => {
              setFromS(now());
              void give(orders);
            }}
          >
            Do it for me
          </button>
        )}
        {tidy.length > 0 && (
          <button type="button" onClick={() => void give(tidy)}>
            Make it good again
          </button>
        )}
        <Seen key={fromS} store={store} exercise={exercise} fromS={fromS} />
        <span class="lab-steps">
          <button
            type="button"
            onClick={async () => {
              await give(tidy);
              await learner.back(lesson);
            }}
          >
            Back to lesson {lesson}
          </button>
        </span>
      </div>
      <Said outcome={outcome} said={said} />
      <Commands orders={orders} />
    </section>
  );
};
