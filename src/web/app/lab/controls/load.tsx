/** What clients do: how many requests they send, how long they wait, and how they try again. */
import { useEffect, useState } from 'preact/hooks';
import type { Catalog, ActionForm as Form } from '../../../../scenarios/live/api.js';
import type { Outcome } from '../api.js';
import { entryOrder, type Order } from '../commands.js';
import { OrderButton, Said, useDesk, useListed } from '../desk.js';
import { summaryOf, type Written } from '../written.js';
import { ActionForm } from './action-form.js';

const loadOrder = (rateRps: number): Order => ({
  method: 'PUT',
  path: 'load',
  body: { rate: `${rateRps}/s` },
  said: `${rateRps}/s from now on`,
});

/** Steps of a slider that people feel as alike: each a tenth more, from 1/s to 2000/s. */
const STEPS: readonly number[] = [
  1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 140, 160, 180, 200, 225, 250, 300, 350, 400,
  450, 500, 600, 700, 800, 900, 1_000, 1_200, 1_400, 1_600, 1_800, 2_000,
];

const nearest = (rateRps: number): number =>
  STEPS.reduce(
    (best, step, index) => (Math.abs(step - rateRps) < Math.abs(STEPS[best]! - rateRps) ? index : best),
    0,
  );

const Rate = ({ rateRps }: { readonly rateRps: number }) => {
  const desk = useDesk();
  const [at, setAt] = useState(nearest(rateRps));
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const order = loadOrder(STEPS[at]!);
  useEffect(() => desk.show(order), []);
  const look = (next: number): void => {
    setAt(next);
    desk.show(loadOrder(STEPS[next]!));
  };
  return (
    <>
      <label class="slider">
        <span>Rate</span>
        <input
          type="range"
          min={0}
          max={STEPS.length - 1}
          step={1}
          value={at}
          aria-valuetext={`${STEPS[at]} requests a second`}
          onInput={({ currentTarget }) => look(Number(currentTarget.value))}
          onChange={async () => setOutcome(await desk.give(order))}
        />
        <output>{STEPS[at]}/s</output>
      </label>
      <div class="lab-actions">
        {[0.5, 1.5, 2, 3].map((factor) => {
          const rate = Math.round(rateRps * factor);
          return (
            <OrderButton
              key={factor}
              order={loadOrder(rate)}
              tell={(got) => {
                setAt(nearest(rate));
                setOutcome(got);
              }}
            >
              {factor} × now
            </OrderButton>
          );
        })}
      </div>
      <Said outcome={outcome} said={desk.shown?.said ?? ''} />
    </>
  );
};

const HABITS: readonly { readonly name: string; readonly about: string; readonly changes: Written }[] = [
  { name: 'Try once', about: 'they take what they get', changes: { retry: { attempts: 1 } } },
  {
    name: 'Try again at once',
    about: 'three tries without a wait: what most apps do, and what turns a spike into an outage',
    changes: { retry: { attempts: 3, backoff: 'none' } },
  },
  {
    name: 'Back off',
    about: 'three tries, exponential waits with full jitter',
    changes: { retry: { attempts: 3, backoff: 'exponential', delay: '500ms', jitter: 'full' } },
  },
  {
    name: 'Back off on a budget',
    about: 'the same, bounded by a token bucket as in the AWS SDKs',
    changes: {
      retry: {
        attempts: 3,
        backoff: 'exponential',
        delay: '500ms',
        jitter: 'full',
        budget: { tokens: 10, refund: '10%' },
      },
    },
  },
];

const updateOrder = (changes: Written): Order =>
  entryOrder({ 'update-clients': changes }, `clients: ${summaryOf(changes)}`);

interface ClientsProps {
  readonly catalog: Catalog;
  readonly actions: readonly Form[];
}

/** A form of its own for something that is wanted less often. */
const Further = ({
  catalog,
  actions,
  name,
  title,
  start,
  verb,
}: ClientsProps & {
  readonly name: string;
  readonly title: string;
  readonly start?: Written;
  readonly verb: string;
}) => {
  const form = actions.find((one) => one.name === name);
  const [isOpen, setOpen] = useState(false);
  if (form === undefined) return null;
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && <ActionForm form={form} catalog={catalog} start={start} verb={verb} />}
    </details>
  );
};

/** Enough to fill the slots of a small fleet. */
const FLOOD = { flood: { rate: '300/s', for: '10s' } };

const Habits = (props: ClientsProps) => {
  return (
    <>
      <h3>When they get an error</h3>
      <ul class="lab-list">
        {HABITS.map(({ name, about, changes }) => (
          <li key={name}>
            <span>
              <b>{name}</b>: {about}
            </span>
            <OrderButton order={updateOrder(changes)} label={`Set the clients: ${name}`}>
              Set
            </OrderButton>
          </li>
        ))}
      </ul>
      <Further {...props} name="update-clients" title="Each setting" verb="Update the clients" />
      <Further
        {...props}
        name="flood"
        title="A flood of hostile clients"
        start={FLOOD}
        verb="Begin the flood"
      />
    </>
  );
};

export const Load = (props: ClientsProps) => {
  const { answer, problem } = useListed(
    (api) => api.load(),
    ({ path }) => path === 'load',
  );
  return (
    <>
      <h3>Requests</h3>
      {problem !== null && <p class="bad">✗ {problem}</p>}
      {answer !== null && <Rate key={answer.rateRps} rateRps={answer.rateRps} />}
      <Habits {...props} />
    </>
  );
};
