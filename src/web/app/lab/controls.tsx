/** Everything that can be done to the lab, by subject; and beneath it how to do the same by hand. */
import { useRef } from 'preact/hooks';
import type { VariantBegin } from '../../../scenarios/live/feed.js';
import { Config } from './controls/config.js';
import { Faults } from './controls/faults.js';
import { Load } from './controls/load.js';
import { Policies } from './controls/policies.js';
import { Scenarios } from './controls/scenarios.js';
import { ByHand, useDesk, useListed } from './desk.js';

export const TABS = ['Faults', 'Clients', 'Policies', 'Config', 'Scenarios'] as const;

export type Tab = (typeof TABS)[number];

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

export const Controls = ({ begin, tab, setTab, target, setTarget }: ControlsProps) => {
  const desk = useDesk();
  const turn = (next: Tab): void => {
    if (next !== tab) desk.show(null);
    setTab(next);
  };
  const { answer: catalog, problem, again } = useListed((api) => api.catalog());
  return (
    <section class="lab-controls" id="lab-controls" aria-label="Controls" tabIndex={-1}>
      <Tabs tab={tab} setTab={turn} />
      <div id="lab-panel" class="lab-panel" role="tabpanel" aria-labelledby={idOf(tab)}>
        {catalog === null && problem === null && <p class="soft">Asking what can be done…</p>}
        {problem !== null && (
          <p class="bad">
            ✗ {problem}{' '}
            <button type="button" onClick={again}>
              Ask again
            </button>
          </p>
        )}
        {catalog !== null && tab === 'Faults' && (
          <Faults catalog={catalog} begin={begin} target={target} setTarget={setTarget} />
        )}
        {catalog !== null && tab === 'Clients' && <Load catalog={catalog} />}
        {catalog !== null && tab === 'Policies' && <Policies catalog={catalog} />}
        {catalog !== null && tab === 'Config' && (
          <Config catalog={catalog} places={begin.topology.workers.length} />
        )}
        {tab === 'Scenarios' && <Scenarios />}
      </div>
      <ByHand />
    </section>
  );
};
