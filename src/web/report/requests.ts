/** Sampled failed requests with their explanations, as many as a page has room for. */
import { type Explanation, explain } from '../../scenarios/explain/explain.js';
import type { SampledRequest, VariantResult } from '../../scenarios/result.js';
import type { RequestData } from '../app/report/report-data.js';

/** So many of a list, spread over it. */
const spread = <One>(all: readonly One[], count: number): One[] => {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(all.length, count) }, (_, index) => all[Math.floor(index * step)]!);
};

const tenth = (ms: number): number => Math.round(ms * 10) / 10;

const toData = (
  { attempts, arrivalMs, endMs, status }: SampledRequest,
  { cause, because, steps, elsewhere }: Explanation,
  id: string,
): RequestData => ({
  id,
  rayIds: attempts.map(({ rayId }) => rayId).filter((rayId) => rayId !== ''),
  arrivalMs: tenth(arrivalMs),
  tookMs: tenth(endMs - arrivalMs),
  status,
  cause,
  tries: attempts.length,
  because,
  steps: steps.map(({ atMs, text }) => [tenth(atMs), text]),
  elsewhere,
  log: attempts.flatMap(({ evidence }) => evidence?.line ?? []),
});

/** @param taken ids that are others' already; those given here are added. */
export const requestsOf = (
  variant: VariantResult,
  maxRequests: number,
  taken: Set<string>,
): RequestData[] => {
  const chosen = spread(
    variant.requests.filter(({ attempts }) => attempts.length > 0),
    maxRequests,
  );
  const explanations = explain(variant, chosen);
  return chosen.map((request, index) => {
    const { rayId } = request;
    const id = rayId !== '' && !taken.has(rayId) ? rayId : `${variant.name}-${index + 1}`;
    taken.add(id);
    return toData(request, explanations[index]!, id);
  });
};
