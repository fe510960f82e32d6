/** The guided tour: a step at a time, done by the reader or for the reader, with the same orders as the controls'. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Outcome } from './api.js';
import { curlOf, type Order } from './commands.js';
import { Said, useDesk } from './desk.js';
import { type LabStore, useLab } from './store.js';
import { STEPS, type Step, sinceOf } from './tour-steps.js';

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
          <code>{curlOf(order, api.address)}</code>
        </pre>
      ))}
    </details>
  );
};

const Seen = ({
  store,
  step,
  fromS,
}: {
  readonly store: LabStore;
  readonly step: Step;
  readonly fromS: number;
}) => {
  const isNow = useLab(store, (state) => step.isSeen(sinceOf(state, fromS)));
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (isNow) setSeen(true);
  }, [isNow]);
  return (
    <output class={`lab-seen ${isSeen ? 'good' : 'soft'}`}>
      {isSeen ? `✓ ${step.seen}` : '… not seen yet'}
    </output>
  );
};

export const Tour = ({ store, end }: { readonly store: LabStore; readonly end: () => void }) => {
  const [at, setAt] = useState(0);
  const [fromS, setFromS] = useState(store.state.ticks.at(-1)?.t ?? 0);
  const heading = useRef<HTMLHeadingElement>(null);
  const { outcome, said, give } = useOrders();
  const step = STEPS[at]!;
  const now = (): number => store.state.ticks.at(-1)?.t ?? 0;
  const go = async (to: number): Promise<void> => {
    await give(step.tidy);
    setAt(to);
    setFromS(now());
  };
  useEffect(() => heading.current?.focus(), [at]);
  const leave = async (): Promise<void> => {
    await give(step.tidy);
    end();
  };
  return (
    <section class="lab-tour" aria-label="Guided tour">
      <header class="lab-row">
        <h2 ref={heading} tabIndex={-1}>
          {at + 1} of {STEPS.length}: {step.title}
        </h2>
        <button type="button" onClick={leave}>
          End the tour
        </button>
      </header>
      <p>{step.text}</p>
      <p>
        <b>Look at:</b> {step.look}
      </p>
      <div class="lab-actions">
        {step.orders.length > 0 && (
          <button
            type="button"
            class="primary"
            onClick={() => {
              setFromS(now());
              void give(step.orders);
            }}
          >
            Do it for me
          </button>
        )}
        {step.tidy.length > 0 && (
          <button type="button" onClick={() => void give(step.tidy)}>
            Make it good again
          </button>
        )}
        <Seen key={`${at} ${fromS}`} store={store} step={step} fromS={fromS} />
        <span class="lab-steps">
          <button type="button" disabled={at === 0} onClick={() => void go(at - 1)}>
            Back
          </button>
          {at < STEPS.length - 1 ? (
            <button type="button" onClick={() => void go(at + 1)}>
              Next
            </button>
          ) : (
            <button type="button" onClick={leave}>
              Done
            </button>
          )}
        </span>
      </div>
      <Said outcome={outcome} said={said} />
      <Commands orders={step.orders} />
      {step.lesson !== null && (
        <p class="soft">
          More of it, with a run and a question: <code>badgateway learn {step.lesson}</code>
        </p>
      )}
    </section>
  );
};
