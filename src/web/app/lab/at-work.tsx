/** What was done to the run and is at work, each with what ends it. */
import type { AtWork as Item } from '../../../scenarios/live/feed.js';
import type { Order } from './commands.js';
import { OrderButton } from './desk.js';
import { type LabStore, useLab } from './store.js';

/** What it is on, where its name does not say so. */
const PLACES: Readonly<Partial<Record<Item['kind'], readonly [one: string, several: string]>>> = {
  name: ['the name of ', 'the names of '],
  link: ['the link of ', 'the links of '],
  certificate: ['', ''],
};

/** More names than these are a number. */
const MOST_NAMES = 4;

export const whereText = ({ kind, on }: Pick<Item, 'kind' | 'on'>): string => {
  if (on.length === 0) return '';
  const [one, several] = PLACES[kind] ?? ['', ''];
  const names = on.length > MOST_NAMES ? `${on[0]} and ${on.length - 1} more` : on.join(', ');
  return ` on ${on.length === 1 ? one : several}${names}`;
};

const timeText = ({ sinceS, untilS }: Item): string =>
  `since ${Math.max(0, sinceS).toFixed(0)} s${untilS === null ? '' : `, until ${untilS.toFixed(0)} s`}`;

/** In one word what ends it: a fault is healed, everything else goes back to what it was. */
const VERBS: Readonly<Partial<Record<Item['kind'], string>>> = {
  gateway: 'Bring back',
  certificate: 'Renew',
  load: 'As planned',
  lock: 'Unlock',
};

const orderOf = (item: Item): Order | null =>
  item.heal && { ...item.heal, said: `${item.what}${whereText(item)} is ended` };

const Row = ({ item }: { readonly item: Item }) => {
  const order = orderOf(item);
  const verb = VERBS[item.kind] ?? 'Heal';
  const where = whereText(item);
  return (
    <li>
      <span>
        <span class="warn" aria-hidden="true">
          ▲
        </span>{' '}
        <b>{item.what}</b>
        {item.how}
        {where} <span class="soft">{timeText(item)}</span>
      </span>
      {order !== null && (
        <OrderButton order={order} label={`${verb}: ${item.what}${where}`}>
          {verb}
        </OrderButton>
      )}
    </li>
  );
};

/** What is at work now, to be read and ended from anywhere. */
export const AtWork = ({ store }: { readonly store: LabStore }) => {
  // A text, so that it is drawn again only when it is another.
  const text = useLab(store, ({ ticks }) => JSON.stringify(ticks.at(-1)?.atWork ?? []));
  const items = JSON.parse(text) as readonly Item[];
  return (
    <section class="lab-atwork" aria-labelledby="lab-atwork-title">
      <h2 id="lab-atwork-title">At work now</h2>
      {items.length === 0 ? (
        <p class="soft">Nothing is disturbed.</p>
      ) : (
        <ul class="lab-list">
          {items.map((item) => (
            <Row key={`${item.kind} ${item.what} ${item.how}`} item={item} />
          ))}
        </ul>
      )}
    </section>
  );
};
