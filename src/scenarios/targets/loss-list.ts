/** Collects what a translation could not say. */
import { type GatewayConfig, resolveGatewayConfig } from '../../gateway/config.js';
import type { Loss } from './target.js';

export class Losses {
  readonly #losses = new Map<string, Loss>();

  /** Each is told once, however many routes meet it. */
  get all(): readonly Loss[] {
    return [...this.#losses.values()];
  }

  missing(path: readonly string[], text: string): void {
    this.#add({ path, text, degree: 'missing' });
  }

  otherwise(path: readonly string[], text: string): void {
    this.#add({ path, text, degree: 'otherwise' });
  }

  #add(loss: Loss): void {
    this.#losses.set(JSON.stringify([loss.path, loss.text]), loss);
  }
}

/** What a section that says nothing comes to: a value that is not in here was asked for. */
export const DEFAULTS: GatewayConfig = resolveGatewayConfig();

/** Of the page of an error every proxy has its own, which says less. */
export const errorPageLosses = ({ location, errorPage, listener }: GatewayConfig): Loss[] => [
  ...(listener.trustedEdges.length === 0
    ? []
    : [
        {
          path: ['listener', 'trustedEdges'],
          text: 'an edge’s word for the client is not shown on its own answers',
          degree: 'otherwise',
        } as const,
      ]),
  ...(location === null
    ? []
    : [
        {
          path: ['location'],
          text: 'its answers to failed requests do not say where it is',
          degree: 'otherwise',
        } as const,
      ]),
  ...(JSON.stringify(errorPage) === JSON.stringify(DEFAULTS.errorPage)
    ? []
    : [
        {
          path: ['errorPage'],
          text: 'its own answers to failed requests, which lead nowhere',
          degree: 'otherwise',
        } as const,
      ]),
];
