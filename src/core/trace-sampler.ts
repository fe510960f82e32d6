/**
 * Which traces are recorded of those that begin here, by the variables that OpenTelemetry has for it
 * (`OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`). The choice by ratio is that of its library for JavaScript, so that a
 * gateway that does not go by its parent's word chooses the same traces.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** @param traceId 32 hex digits. @returns whether it is recorded. */
export type TraceSampler = (traceId: string) => boolean;

const MAX_WORD = 0xffffffff;

/** The four words of a trace's ID made one. */
const wordOf = (traceId: string): number => {
  let word = 0;
  for (let at = 0; at < 32; at += 8) word ^= Number.parseInt(traceId.slice(at, at + 8), 16);
  return word >>> 0;
};

const byRatio = (ratio: number): TraceSampler => {
  if (ratio === 1) return () => true;
  const bound = Math.floor(ratio * MAX_WORD);
  return (traceId) => wordOf(traceId) < bound;
};

/** @returns 1 where it says nothing that makes sense. */
const ratioIn = ({ OTEL_TRACES_SAMPLER_ARG: text }: Environment): number => {
  const ratio = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
};

/** What begins a trace has no parent to go by, so `parentbased_` says nothing to it. An unknown name counts as not given. */
export const rootSampler = (environment: Environment): TraceSampler => {
  const name = environment.OTEL_TRACES_SAMPLER?.trim().replace(/^parentbased_/, '');
  if (name === 'always_off') return () => false;
  return name === 'traceidratio' ? byRatio(ratioIn(environment)) : () => true;
};
