/** Everything that can be done to the lab, by subject; and beneath it how to do the same by hand. */
import { useRef } from 'preact/hooks';
import type { Catalog, ActionForm as Form } from '../../../scenarios/live/api.js';
import type { VariantBegin } from '../../../scenarios/live/feed.js';
import { Config } from './controls/config.js';
import { Faults } from './controls/faults.js';
import { Fleet } from './controls/fleet.js';
import { Load } from './controls/load.js';
import { Policies } from './controls/policies.js';
import { Scenarios } from './controls/scenarios.js';
import { Timeline } from './controls/timeline.js';
import { ByHand, useDesk, useListed } from './desk.js';
import { useLab } from './store.js';
import { TABS, type Tab } from './tabs.js';

const idOf = (tab: Tab): string => `lab-tab-${tab.toLowerCase()}`;

const nextTab = (tab: Tab, key: string): Tab | null => {
  const at = TABS.indexOf(tab);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[key];
  return to === undefined ? null : TABS[(to + TABS.length) % TABS.length]!;
};

const Tabs = ({ tab, setTab }: { readonly tab: Tab; readonly setTab: (tab: Tab) => void }) => {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = nextTab(tab, event.key);
    if (next === null) return;
    event.preventDefault();
    setTab(next);
    list.current?.querySelector<HTMLElement>(`#${idOf(next)}`)?.focus();
  };
  return (
    <div class="lab-tabs" role="tablist" aria-label="Controls" ref={list} onKeyDown={onKeyDown}>
      {TABS.map((name) => (
        <button
          type="button"
          key={name}
          id={idOf(name)}
          role="tab"
          aria-selected={name === tab}
          aria-controls="lab-panel"
          tabIndex={name === tab ? 0 : -1}
          onClick={() => setTab(name)}
        >
          {name}
        </button>
      ))}
    </div>
  );
};

export interface ControlsProps {
  readonly begin: VariantBegin;
  readonly tab: Tab;
  readonly setTab: (tab: Tab) => void;
  readonly target: string;
  readonly setTarget: (target: string) => void;
}

interface Possible {
  readonly catalog: Catalog;
  readonly actions: readonly Form[];
}

/** What the forms are made of: what there is to know, and what can be done to what runs now. */
const usePossible = () =>
  useListed(async (api): Promise<Possible> => {
    const [catalog, actions] = await Promise.all([api.catalog(), api.actions()]);
    return { catalog, actions };
  });

const Panel = ({ begin, tab, target, setTarget }: Omit<ControlsProps, 'setTab'>) => {
  const { answer, problem, again } = usePossible();
  if (problem !== null) {
    return (
      <p class="bad">
        ✗ {problem}{' '}
        <button type="button" onClick={again}>
          Ask again
        </button>
      </p>
    );
  }
  if (answer === null) return <p class="soft">Asking what can be done…</p>;
  switch (tab) {
    case 'Faults':
      return <Faults {...answer} target={target} setTarget={setTarget} />;
    case 'Clients':
      return <Load {...answer} />;
    case 'Policies':
      return <Policies {...answer} />;
    case 'Config':
      return <Config {...answer} />;
    case 'Fleet':
      return <Fleet {...answer} places={begin.topology.workers.length} />;
    case 'Timeline':
      return <Timeline {...answer} />;
    default:
      return null;
  }
};

export const Controls = ({ setTab, ...props }: ControlsProps) => {
  const desk = useDesk();
  const { tab, begin } = props;
  // Before its first tick nothing takes orders.
  const isUp = useLab(desk.store, ({ ticks }) => ticks.length > 0);
  const turn = (next: Tab): void => {
    if (next !== tab) desk.show(null);
    setTab(next);
  };
  const waiting =
    begin.engine === 'virtual'
      ? 'Virtual time is over before anybody could give an order.'
      : 'Everything is being started.';
  return (
    <section class="lab-controls" id="lab-controls" aria-label="Controls" tabIndex={-1}>
      <Tabs tab={tab} setTab={turn} />
      <div id="lab-panel" class="lab-panel" role="tabpanel" aria-labelledby={idOf(tab)}>
        {tab === 'Scenarios' ? <Scenarios /> : isUp ? <Panel {...props} /> : <p class="soft">{waiting}</p>}
      </div>
      <ByHand />
    </section>
  );
};
