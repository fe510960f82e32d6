/** What GitHub Actions shows of a command: a summary of the job, and annotations. Elsewhere nothing happens. */
import { appendFileSync } from 'node:fs';

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

/** In annotations, a percent sign and line ends are escaped (workflow commands of GitHub Actions). */
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/** Shows a failure, or what is no failure and yet no success, on the run's page. */
export const annotate = (level: 'error' | 'warning', title: string, message: string): void => {
  if (process.env.GITHUB_ACTIONS !== 'true') return;
  process.stderr.write(`::${level} title=${escapeData(title)}::${escapeData(message)}\n`);
};
