/** What GitHub Actions shows of a command: a summary of the job, and annotations. Elsewhere nothing happens. */
import { appendFileSync, existsSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { DocumentError } from '../core/document/document.js';
import type { UserError } from '../core/errors.js';

/** Adds Markdown to the job's summary (`GITHUB_STEP_SUMMARY`). A file that cannot be written does not fail the run. */
export const addToJobSummary = (markdown: string): void => {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (file === undefined || file === '') return;
  try {
    appendFileSync(file, `${markdown}\n`);
  } catch (error) {
    process.stderr.write(`the job's summary cannot be written: ${(error as Error).message}\n`);
  }
};

/** Where in a file of the user's something is; line and column count from 1. */
export interface FilePlace {
  /** As the user named it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
  /** The line on which it is shown; default: none, it is about the job. */
  readonly place?: FilePlace | undefined;
}

/** In a message, a percent sign and line ends are escaped (workflow commands of GitHub Actions). */
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** In a property, what ends it too. */
const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** GitHub knows files by their path from the top of the repository, whatever folder the command ran in. */
const pathInRepository = (file: string): string => {
  const path = relative(process.env.GITHUB_WORKSPACE ?? process.cwd(), resolve(file));
  return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/');
};

/** Shows a failure, or what is no failure and yet no success, on the run's page, and at its line. */
export const annotate = ({ level, title, message, place }: Annotation): void => {
  if (process.env.GITHUB_ACTIONS !== 'true') return;
  const properties: Record<string, string> = {
    ...(place !== undefined && {
      file: pathInRepository(place.file),
      line: String(place.line),
      col: String(place.column),
    }),
    title,
  };
  const text = Object.entries(properties)
    .map(([name, value]) => `${name}=${escapeProperty(value)}`)
    .join(',');
  process.stderr.write(`::${level} ${text}::${escapeData(message)}\n`);
};

/** What was wrong with a command or a file, each problem at its line. */
export const annotateError = (error: UserError): void => {
  if (!(error instanceof DocumentError)) {
    annotate({ level: 'error', title: 'badgateway', message: error.message });
    return;
  }
  const { file } = error;
  for (const { path, line, column, message, flag } of error.problems) {
    // Line 0: it was not in the file, but set from outside.
    const place = line > 0 && existsSync(file) ? { file, line, column } : undefined;
    const title = path === '' ? file : path;
    annotate({
      level: 'error',
      title,
      message: line === 0 ? `${flag ?? '--set'}: ${message}` : message,
      place,
    });
  }
};
