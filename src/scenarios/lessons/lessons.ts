/** The lessons that come with badgateway: pages in `docs/learn`, each with its scenario beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Lesson, parseLesson } from './lesson.js';

/** Seen from `src/scenarios/lessons` and from `dist/scenarios/lessons` alike. */
const FOLDER = new URL('../../../docs/learn/', import.meta.url);

/** `02-retries.md`; other pages are about something else. */
const PAGE = /^(\d+-[a-z0-9-]+)\.md$/;

const read = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');

/** All there are, in order. */
export const readLessons = (): Lesson[] =>
  readdirSync(FOLDER)
    .flatMap((file) => PAGE.exec(file)?.[1] ?? [])
    .map((name) => parseLesson(name, read(`${name}.md`)))
    .sort((a, b) => a.number - b.number);

export interface LessonScenario {
  readonly file: string;
  readonly text: string;
}

/** What it runs. */
export const lessonScenario = ({ name }: Pick<Lesson, 'name'>): LessonScenario => {
  const url = new URL(`${name}.yaml`, FOLDER);
  return { file: fileURLToPath(url), text: readFileSync(url, 'utf8') };
};
