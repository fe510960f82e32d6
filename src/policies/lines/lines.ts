/** Every queue discipline by the name a config uses. To add one: a file beside this one and a line here. */
import { AdaptiveLifoLine } from './adaptive-lifo.js';
import { CodelLine } from './codel.js';
import { DeadlineLine } from './deadline.js';
import { FifoLine } from './fifo.js';
import { LifoLine } from './lifo.js';
import type { Line, Waiting } from './line.js';

export interface LineOptions {
  /** `codel`: how long one may wait in a line with a backlog. */
  readonly targetMs: number;
  /** `codel`, `adaptive-lifo`: a line that has not been empty for so long has a backlog. */
  readonly intervalMs: number;
  /** `deadline`: with less time than this left, an answer would come too late. */
  readonly marginMs: number;
}

/** M and N of the paper. The margin is a common time for an answer; it should be the upstream's own. */
export const LINE_DEFAULTS: LineOptions = { targetMs: 5, intervalMs: 100, marginMs: 50 };

export const LINES = {
  fifo: <Item extends Waiting>(): Line<Item> => new FifoLine(),
  lifo: <Item extends Waiting>(): Line<Item> => new LifoLine(),
  'adaptive-lifo': <Item extends Waiting>({ intervalMs }: LineOptions): Line<Item> =>
    new AdaptiveLifoLine(intervalMs),
  codel: <Item extends Waiting>(options: LineOptions): Line<Item> => new CodelLine(options),
  deadline: <Item extends Waiting>({ marginMs }: LineOptions): Line<Item> => new DeadlineLine(marginMs),
} as const satisfies Record<string, <Item extends Waiting>(options: LineOptions) => Line<Item>>;

export type LineName = keyof typeof LINES;
