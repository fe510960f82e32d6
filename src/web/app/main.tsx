/** The page: begins with what stands in it. */
import { render } from 'preact';
import { LabView } from './lab/lab-view.js';
import type { ReportData } from './report/report-data.js';
import { ReportView } from './report/report-view.js';
import type { Source } from './source.js';
import { unpack } from './unpack.js';
import './style.css';

const begin = async (): Promise<void> => {
  const root = document.getElementById('app');
  const element = document.getElementById('source');
  if (root === null || element === null) throw new Error('the page has no place for the app, or no source');
  const source = JSON.parse(element.textContent ?? '') as Source;
  // What stands there for those without scripts stays until there is something to put in its place.
  const view =
    source.kind === 'result' ? (
      <ReportView report={(await unpack(source.packed)) as ReportData} />
    ) : (
      <LabView source={source} />
    );
  root.replaceChildren();
  render(view, root);
};

void begin();
