/** What the threads of the virtual engine, and whoever has them run, say to each other. */
import type { ParseOptions } from '../parse.js';
import type { VariantResult } from '../result.js';

/** A scenario as it was read: each thread parses it anew, since what it becomes has functions in it. */
export interface ScenarioSource {
  readonly text: string;
  /** Of errors. */
  readonly file: string;
  readonly options: ParseOptions;
}

export type ToEngine =
  | { readonly type: 'run'; readonly source: ScenarioSource; readonly variant: string }
  | { readonly type: 'interrupt' };

export type FromEngine =
  | { readonly type: 'progress'; readonly doneRatio: number }
  | { readonly type: 'result'; readonly result: VariantResult }
  | { readonly type: 'failed'; readonly message: string };
