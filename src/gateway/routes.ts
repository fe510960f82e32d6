/**
 * Which route takes a request: the one with the longest path that fits, by whole segments, as in Envoy's
 * `path_separated_prefix`; of several with the same path the first whose methods fit.
 */
import type { RouteConfig } from './config/routing.js';

/** Whether a path begins with another, by whole segments; `path` may have a query. */
export const isBelow = (path: string, prefix: string): boolean => {
  if (prefix === '/') return true;
  if (!path.startsWith(prefix)) return false;
  if (prefix.endsWith('/')) return true;
  const next = path[prefix.length];
  return next === undefined || next === '/' || next === '?';
};

export class RouteTable<Target> {
  /** Longest first, so that the first that fits is the one. */
  readonly #routes: readonly (readonly [route: RouteConfig, target: Target])[];
  /** Where everything goes, if it does. */
  readonly #only: Target | null;

  constructor(routes: readonly (readonly [route: RouteConfig, target: Target])[]) {
    this.#routes = routes.toSorted(([left], [right]) => right.path.length - left.path.length);
    const first = this.#routes[0];
    this.#only =
      this.#routes.length === 1 && first![0].path === '/' && first![0].methods === null ? first![1] : null;
  }

  /** @param path origin form. @returns `null` when none takes it. */
  find(method: string, path: string): Target | null {
    if (this.#only !== null) return this.#only;
    for (const [route, target] of this.#routes) {
      if (isBelow(path, route.path) && (route.methods === null || route.methods.includes(method)))
        return target;
    }
    return null;
  }
}
