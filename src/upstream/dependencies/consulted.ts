/** What became of a request's calls, and what of that its answer says. */

/** One call. */
export interface Consulted {
  readonly dependency: string;
  /** `cached` and `reduced`: it failed, and this is the fallback. */
  readonly outcome: 'answered' | 'cached' | 'reduced' | 'failed';
  /** Why it failed, as results name it; empty when it did not. */
  readonly cause: string;
  /** What a request whose call failed is answered with. */
  readonly status: number;
}

export interface DependentAnswer {
  readonly statusCode: number;
  readonly degraded: boolean;
  /** For the body. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Of a request that called nobody, as most do. */
const INDEPENDENT: DependentAnswer = { statusCode: 200, degraded: false, fields: {} };

/** @param consulted the calls of a request, up to the first that failed. */
export const answerOf = (consulted: readonly Consulted[]): DependentAnswer => {
  if (consulted.length === 0) return INDEPENDENT;
  const failed = consulted.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined) {
    const { status, dependency, cause } = failed;
    return { statusCode: status, degraded: false, fields: { dependency, error: cause } };
  }
  const degraded = consulted.some(({ outcome }) => outcome !== 'answered');
  const dependencies = Object.fromEntries(consulted.map(({ dependency, outcome }) => [dependency, outcome]));
  return { statusCode: 200, degraded, fields: { dependencies } };
};
