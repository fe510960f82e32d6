/** A verdict, in a word and a sign: never by colour alone. */
import type { Verdict } from '../../../scenarios/result.js';

const SIGNS: Readonly<Record<Verdict, string>> = {
  pass: '✓',
  fail: '✗',
  inconclusive: '?',
  invalid: '!',
  skipped: '–',
};

export const VerdictBadge = ({ verdict }: { readonly verdict: Verdict }) => (
  <strong class={`badge ${verdict}`}>
    <span aria-hidden="true">{SIGNS[verdict]}</span> {verdict.toUpperCase()}
  </strong>
);

/** Whether a threshold holds. */
export const Holds = ({ pass }: { readonly pass: boolean }) => (
  <span class={`holds ${pass ? 'pass' : 'fail'}`}>
    <span aria-hidden="true">{pass ? '✓' : '✗'}</span> {pass ? 'holds' : 'fails'}
  </span>
);
