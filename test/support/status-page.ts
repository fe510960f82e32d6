/** A status board that is told of made-up runs, in a time of its own. */
import { StatusBoard } from '../../src/scenarios/status-page/board.js';
import type { ComponentReading, WatchBegin } from '../../src/scenarios/status-page/messages.js';
import type { ComponentState } from '../../src/scenarios/status-page/states.js';

export const WATCH: WatchBegin = {
  type: 'begin',
  subject: 'A shop',
  variant: 'as-it-happened',
  sloRatio: 0.999,
  hourMs: 5_000,
};

/** Any day: times on a page are of the wall's clock. */
export const START_MS = Date.UTC(2024, 10, 8, 12);

const STEP_MS = 100;

export const gateway = (state: ComponentState, detail = ''): ComponentReading => ({
  id: 'gateway',
  name: 'Gateway',
  group: 'Gateway',
  state,
  detail,
});

export interface Span {
  readonly seconds: number;
  /** Requests that end in a second; default 100. */
  readonly rps?: number;
  /** Share of them that fail; default none. */
  readonly failedRatio?: number;
  readonly components?: readonly ComponentReading[];
  readonly identified?: string;
}

export class ToldBoard {
  readonly board: StatusBoard;
  nowMs = START_MS;

  constructor(title = 'Shop') {
    this.board = new StatusBoard(title);
    this.board.begin(WATCH, this.nowMs);
  }

  /** Tells of a while, ten times a second. */
  tell({ seconds, rps = 100, failedRatio = 0, components, identified }: Span): this {
    for (let step = 0; step < seconds * 10; step++) {
      this.nowMs += STEP_MS;
      const ended = rps / 10;
      this.board.observe(
        {
          type: 'observed',
          ...{ atMs: this.nowMs, runMs: this.nowMs - START_MS },
          ...{ ended, failed: Math.round(ended * failedRatio) },
          components: components ?? [gateway('operational')],
          identified: identified ?? null,
        },
        this.nowMs,
      );
    }
    return this;
  }

  end(): this {
    this.board.end(this.nowMs, this.nowMs);
    return this;
  }

  get view() {
    return this.board.view(this.nowMs);
  }
}
