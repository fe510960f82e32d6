/**
 * A window of time, counted as its requests end. A request belongs to the window in which it was meant to be sent,
 * whenever it ended: an outage must not look shorter because its victims waited.
 */
import type { ClientClass } from '../clients/classes.js';
import type { RequestRecord } from '../clients/clients.js';
import { groupsOf, selects } from '../clients/selectors.js';
import type { RequestsResult, WindowResult } from '../result.js';
import type { Window } from '../scenario.js';
import { RequestTally } from './requests.js';

/** Of the clients, what a window tells apart. */
export type MeasuredClass = Pick<ClientClass, 'name' | 'tier' | 'route'>;

export const hasClasses = (classes: readonly MeasuredClass[]): boolean =>
  classes.some(({ name }) => name !== '');

/** @param ms since the load began. */
export const isWithin = ({ fromMs, toMs }: Window, ms: number): boolean => ms >= fromMs && ms < toMs;

export class WindowTally {
  readonly window: Window;
  readonly #classes: readonly MeasuredClass[];
  readonly #all = new RequestTally();
  /** By class; empty where the scenario names none. */
  readonly #byClass: ReadonlyMap<string, RequestTally>;

  constructor(window: Window, classes: readonly MeasuredClass[]) {
    this.window = window;
    this.#classes = hasClasses(classes) ? classes : [];
    this.#byClass = new Map(this.#classes.map(({ name }) => [name, new RequestTally()]));
  }

  get statuses(): ReadonlyMap<number, number> {
    return this.#all.statuses;
  }

  record(one: RequestRecord): void {
    if (!isWithin(this.window, one.arrivalMs)) return;
    this.#all.record(one);
    if (this.#byClass.size > 0) this.#byClass.get(one.class ?? '')?.record(one);
  }

  /** @param wasted of the workers' work in this window. */
  result(wasted: number | null): WindowResult {
    const { fromMs, toMs } = this.window;
    return { fromMs, toMs, ...this.#all.result(toMs - fromMs), wasted, ...this.#ofClasses() };
  }

  /** What each class and group got; nothing where the scenario names no classes. */
  #ofClasses(): Pick<WindowResult, 'classes' | 'groups'> {
    if (this.#classes.length === 0) return {};
    const measure = (classes: readonly MeasuredClass[]): RequestsResult => {
      const together = new RequestTally();
      for (const { name } of classes) together.add(this.#byClass.get(name)!);
      return together.result(this.window.toMs - this.window.fromMs);
    };
    const groups = [...groupsOf(this.#classes)].map(([text, selector]): [string, RequestsResult] => [
      text,
      measure(this.#classes.filter((one) => selects(selector, one))),
    ]);
    return {
      classes: Object.fromEntries(this.#classes.map((one) => [one.name, measure([one])])),
      groups: Object.fromEntries(groups),
    };
  }
}
