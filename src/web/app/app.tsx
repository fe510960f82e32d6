/** One UI with two sources: a report of a result, and the lab of a stream. */
import { LabView } from './lab/lab-view.js';
import { ReportView } from './report/report-view.js';
import type { Source } from './source.js';

export const App = ({ source }: { readonly source: Source }) =>
  source.kind === 'result' ? <ReportView result={source.result} /> : <LabView source={source} />;
