/** A result: verdict, variants side by side, what happened, what failed and why. */
import type { Result } from '../../../scenarios/result.js';

export const ReportView = ({ result }: { readonly result: Result }) => (
  <main>
    <h1>{result.scenario.title}</h1>
  </main>
);
