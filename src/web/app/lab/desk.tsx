/** Where orders are given: sent to the API, and shown as the command that does the same. */
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Api, Outcome } from './api.js';
import { curlOf, type Order, yamlOf } from './commands.js';
import type { LabStore } from './store.js';

/** What was done, in words, newest last. */
export interface Given {
  readonly order: Order;
  readonly outcome: Outcome;
}

export class Desk {
  #shown: Order | null = null;
  readonly #listeners = new Set<() => void>();
  /** After each order that was done: what lists something looks again. */
  readonly #afterwards = new Set<(order: Order) => void>();

  readonly api: Api;
  readonly store: LabStore;

  constructor(api: Api, store: LabStore) {
    this.api = api;
    this.store = store;
  }

  /** The order that the reader looks at; `null`: none yet. */
  get shown(): Order | null {
    return this.#shown;
  }

  /** @param order `null`: what was looked at is no longer there. */
  show(order: Order | null): void {
    this.#shown = order;
    for (const listener of [...this.#listeners]) listener();
  }

  async give(order: Order): Promise<Outcome> {
    this.show(order);
    const outcome = await this.api.send(order);
    if (outcome.done) for (const look of [...this.#afterwards]) look(order);
    return outcome;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  afterOrders(look: (order: Order) => void): () => void {
    this.#afterwards.add(look);
    return () => this.#afterwards.delete(look);
  }
}

const DeskContext = createContext<Desk | null>(null);

export const DeskProvider = DeskContext.Provider;

export const useDesk = (): Desk => {
  const desk = useContext(DeskContext);
  if (desk === null) throw new Error('a control outside the lab');
  return desk;
};

/** Something that the API lists, asked for again after every order that `isAbout`. */
export const useListed = <Answer,>(
  ask: (api: Api) => Promise<Answer>,
  isAbout: (order: Order) => boolean = () => false,
): { readonly answer: Answer | null; readonly problem: string | null; readonly again: () => void } => {
  const desk = useDesk();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const again = (): void => {
    ask(desk.api).then(
      (got) => {
        setAnswer(() => got);
        setProblem(null);
      },
      (error: Error) => setProblem(error.message),
    );
  };
  useEffect(() => {
    again();
    return desk.afterOrders((order) => {
      if (isAbout(order)) again();
    });
  }, [desk]);
  return { answer, problem, again };
};

/** Says what became of an order, beside the control it belongs to. */
export const Said = ({ outcome, said }: { readonly outcome: Outcome | null; readonly said: string }) => (
  <output class={`lab-said ${outcome === null ? '' : outcome.done ? 'good' : 'bad'}`}>
    {outcome === null ? '' : outcome.done ? `✓ ${said}` : `✗ ${outcome.message}`}
  </output>
);

export interface OrderButtonProps {
  readonly order: Order;
  readonly children: ComponentChildren;
  readonly kind?: 'primary' | 'danger';
  readonly disabled?: boolean;
  /** For whoever cannot see what it stands beside. */
  readonly label?: string;
  /** Told elsewhere; default: beside the button. */
  readonly tell?: (outcome: Outcome) => void;
}

/** Does what it says, and shows how else it can be done while it is looked at. */
export const OrderButton = ({ order, children, kind, disabled = false, label, tell }: OrderButtonProps) => {
  const desk = useDesk();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [said, setSaid] = useState('');
  const show = (): void => desk.show(order);
  const give = async (): Promise<void> => {
    setSaid(order.said);
    const got = await desk.give(order);
    setOutcome(got);
    tell?.(got);
  };
  return (
    <>
      <button
        type="button"
        class={kind}
        aria-label={label}
        disabled={disabled}
        onFocus={show}
        onPointerEnter={show}
        onClick={give}
      >
        {children}
      </button>
      {tell === undefined && <Said outcome={outcome} said={said} />}
    </>
  );
};

/** A long command scrolls, and what scrolls has to be reached by keyboard. */
const BY_TAB = 0;

const Copy = ({ text, what }: { readonly text: string; readonly what: string }) => {
  const [copied, setCopied] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied('copied');
    } catch {
      setCopied('not allowed: select it');
    }
  };
  useEffect(() => setCopied(''), [text]);
  return (
    <span class="lab-copy">
      <button type="button" onClick={copy} aria-label={`Copy ${what}`}>
        Copy
      </button>
      <output class="soft">{copied}</output>
    </span>
  );
};

const Line = ({
  name,
  what,
  text,
}: {
  readonly name: string;
  readonly what: string;
  readonly text: string;
}) => (
  <div class="lab-command">
    <span class="soft">{name}</span>
    <code tabIndex={BY_TAB}>{text}</code>
    <Copy text={text} what={what} />
  </div>
);

/** The order that was looked at last, as a command and as an entry of a timeline. */
export const ByHand = () => {
  const desk = useDesk();
  const [order, setOrder] = useState(desk.shown);
  useEffect(() => desk.listen(() => setOrder(desk.shown)), [desk]);
  const yaml = order === null ? null : yamlOf(order, desk.store.state.ticks.at(-1)?.t ?? 0);
  return (
    <section class="lab-byhand" aria-label="The same by hand">
      <h3>The same by hand</h3>
      {order === null && <p class="soft">Look at a control: the command that does the same stands here.</p>}
      {order !== null && (
        <Line name="Shell" what="the command" text={curlOf(order, desk.api.address, desk.api.isGuarded)} />
      )}
      {yaml !== null && <Line name="Timeline" what="the timeline entry" text={yaml} />}
    </section>
  );
};
