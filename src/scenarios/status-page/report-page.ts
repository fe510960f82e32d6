/** The form with which a user reports an error, and what is said to it. */
import { escapeHtml } from '../../core/html.js';
import { frame } from './page-parts.js';
import { MAX_NOTE_CHARS } from './reports.js';

/** What became of a report. */
export interface ReportAnswer {
  readonly status: number;
  /** In a sentence. */
  readonly text: string;
  /** Whether it is counted. */
  readonly counted: boolean;
}

const BACK = '<p><a href="/">To the status page</a></p>';

export const renderReportForm = (title: string): string =>
  frame({
    title: `Report an error – ${title}`,
    body: `<header><h1>Report an error</h1><p class="soft">${escapeHtml(title)}</p></header>
<form method="post" action="/report"><label for="ray">Ray ID, from the page of the error</label>
<input id="ray" name="ray" type="text" required maxlength="16" pattern="[0-9a-fA-F]{16}" autocomplete="off" spellcheck="false">
<label for="note">What did you want to do? (may be left empty)</label><input id="note" name="note" type="text" maxlength="${MAX_NOTE_CHARS}" autocomplete="off">
<button type="submit">Report</button></form>${BACK}`,
  });

export const renderReportAnswer = ({ text, counted }: ReportAnswer, title: string): string =>
  frame({
    title: `${counted ? 'Thank you' : 'Report an error'} – ${title}`,
    body: `<header><h1>${counted ? 'Thank you' : 'Not counted'}</h1></header><p>${escapeHtml(text)}</p>${BACK}`,
  });
