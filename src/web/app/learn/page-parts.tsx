/** What the pages of lessons and challenges have in common: their head, what takes a while, and how to do it by hand. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { curlOf, type Order } from '../lab/commands.js';
import { type Learner, useLearner } from './learner.js';

export const Head = ({
  title,
  learner,
  children,
}: {
  readonly title: string;
  readonly learner: Learner;
  readonly children?: ComponentChildren;
}) => (
  <header class="learn-head">
    <h1>{title}</h1>
    <div class="lab-actions">
      {children}
      <button type="button" onClick={() => learner.go({ name: 'lab' })}>
        Back to the lab
      </button>
    </div>
  </header>
);

/** Told as it changes: what goes on, and what was refused. */
export const News = ({ learner }: { readonly learner: Learner }) => {
  const busy = useLearner(learner, (state) => state.busy);
  const problem = useLearner(learner, (state) => state.problem);
  return (
    <output class={`learn-news ${problem === null ? 'soft' : 'bad'}`}>
      {problem !== null ? `✗ ${problem}` : busy !== null ? `… ${busy}` : ''}
    </output>
  );
};

/** A heading that the keyboard goes to when it is another. */
export const Arrival = ({ text }: { readonly text: string }) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [text]);
  return (
    <h2 ref={heading} tabIndex={-1}>
      {text}
    </h2>
  );
};

export const ByHand = ({
  orders,
  learner,
  command,
}: {
  readonly orders: readonly Order[];
  readonly learner: Learner;
  /** Of badgateway, that does the same without a lab. */
  readonly command: string;
}) => (
  <details class="learn-byhand">
    <summary>The same by hand</summary>
    {orders.map((order) => (
      <pre key={order.path}>
        <code>{curlOf(order, learner.api.address, learner.api.isGuarded)}</code>
      </pre>
    ))}
    <pre>
      <code>{command}</code>
    </pre>
  </details>
);
