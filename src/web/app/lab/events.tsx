/** What happened, a line each, newest last; goes along with what comes unless the reader has scrolled up. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { MAX_EVENTS, type ToldEvent } from './state.js';
import { type LabStore, useLab } from './store.js';

/** What scrolls has to be reached by keyboard. */
const BY_TAB = 0;

/** So near to its end, somebody reads what comes. */
const NEAR_PX = 24;

const matches = ({ text, eventType }: ToldEvent, words: readonly string[]): boolean => {
  const all = `${text} ${eventType}`.toLowerCase();
  return words.every((word) => all.includes(word));
};

const toneOf = ({ eventType }: ToldEvent): string => {
  if (/exited|refused|ejected$|opened|failed|disrupted/.test(eventType)) return 'bad';
  return /injected|disturbed|toxic-added|pushed/.test(eventType) ? 'warn' : '';
};

const momentText = (t: number): string => `${t.toFixed(1)}s`;

const Lines = ({ events, follow }: { readonly events: readonly ToldEvent[]; readonly follow: boolean }) => {
  const list = useRef<HTMLElement>(null);
  const [isFollowing, setFollowing] = useState(follow);
  const last = events.at(-1)?.id;
  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null && isFollowing) element.scrollTop = element.scrollHeight;
  }, [last, isFollowing]);
  const onScroll = (): void => {
    const element = list.current;
    if (element === null) return;
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX);
  };
  return (
    <>
      <section
        class="lab-events"
        ref={list}
        onScroll={onScroll}
        tabIndex={BY_TAB}
        aria-label="Events, newest last"
      >
        <ol class="events">
          {events.map((event) => (
            <li key={event.id} class={toneOf(event)}>
              <time>{momentText(event.t)}</time>
              <span>{event.text}</span>
            </li>
          ))}
        </ol>
      </section>
      {!isFollowing && (
        <button type="button" class="lab-newest" onClick={() => setFollowing(true)}>
          To the newest
        </button>
      )}
    </>
  );
};

export const Events = ({ store }: { readonly store: LabStore }) => {
  const events = useLab(store, (state) => state.events);
  const told = useLab(store, (state) => state.eventsTold);
  const [filter, setFilter] = useState('');
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = words.length === 0 ? events : events.filter((event) => matches(event, words));
  return (
    <section class="lab-happened" aria-label="Events">
      <header class="lab-row">
        <h2>Events</h2>
        <label class="lab-filter">
          <span class="soft">Only with</span>
          <input
            type="search"
            value={filter}
            placeholder="worker-2"
            onInput={({ currentTarget }) => setFilter(currentTarget.value)}
          />
        </label>
      </header>
      {told > events.length && (
        <p class="soft">
          The last {MAX_EVENTS} of {told}.
        </p>
      )}
      {shown.length === 0 ? (
        <p class="soft">{events.length === 0 ? 'Nothing yet.' : 'None with these words.'}</p>
      ) : (
        <Lines events={shown} follow />
      )}
    </section>
  );
};
