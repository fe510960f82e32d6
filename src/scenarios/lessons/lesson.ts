/**
 * A lesson, read from its page in `docs/learn`: the Markdown that people read is the only place in which it stands. The
 * headings are fixed, so a terminal and a page in a browser can show its parts one after another.
 */

export interface Choice {
  /** `a`, `b`, … */
  readonly letter: string;
  /** Markdown. */
  readonly text: string;
}

/** Where the run shows the answer: a threshold of the lesson's scenario. */
export interface Shown {
  /** As it stands among the scenario's thresholds. */
  readonly expression: string;
  readonly variant: string;
  /** What it means. Markdown. */
  readonly text: string;
}

export interface Lesson {
  /** From 1 on. */
  readonly number: number;
  /** Of its files, such as `02-retries`. */
  readonly name: string;
  readonly title: string;
  /** The idea. Markdown, in paragraphs. */
  readonly idea: string;
  /** What is run, and how the variants differ. Markdown. */
  readonly setting: string;
  /** What to look at. Markdown. */
  readonly look: readonly string[];
  readonly question: string;
  readonly choices: readonly Choice[];
  /** Letter of the choice that is right. */
  readonly answer: string;
  /** Why it is. Markdown. */
  readonly why: string;
  readonly shown: readonly Shown[];
}

const SECTIONS = ['Run it', 'What to look at', 'Question', 'Answer'] as const;

const RUN_BLOCK = /```sh\n[\s\S]*?```\n/;

/** Items of a list, each in one line. */
const itemsOf = (text: string): string[] =>
  [...text.matchAll(/^- ((?:.+\n?)(?: {2}.+\n?)*)/gm)].map(([, item]) =>
    item!.trim().replace(/\s*\n\s*/g, ' '),
  );

const wrong = (name: string, what: string): Error => new Error(`the lesson ${name}: ${what}`);

const sectionsOf = (name: string, body: string): Record<(typeof SECTIONS)[number], string> => {
  const parts = body.split(/^## /m).slice(1);
  const found = new Map(parts.map((part) => [part.split('\n', 1)[0]!, part.slice(part.indexOf('\n') + 1)]));
  for (const section of SECTIONS) if (!found.has(section)) throw wrong(name, `there is no "## ${section}"`);
  return Object.fromEntries(found) as Record<(typeof SECTIONS)[number], string>;
};

const shownOf = (name: string, item: string): Shown => {
  const match = /^`([^`]+)` in `([a-z0-9-]+)`: (.+)$/.exec(item);
  if (match === null) throw wrong(name, `"${item}" is not "\`threshold\` in \`variant\`: what it means"`);
  return { expression: match[1]!, variant: match[2]!, text: match[3]! };
};

/** @param name of its file. @throws when a part of it is missing. */
export const parseLesson = (name: string, markdown: string): Lesson => {
  const heading = /^# (\d+)\. (.+)\n([\s\S]*?)(?=^## )/m.exec(markdown);
  if (heading === null) throw wrong(name, 'it does not begin with "# NUMBER. TITLE"');
  const sections = sectionsOf(name, markdown);
  const [ask = '', list = ''] = sections.Question.trim().split(/\n\n(?=- )/);
  const choices = itemsOf(list).map((item) => ({ letter: item[0]!, text: item.slice(3) }));
  const details = /<\/summary>\n([\s\S]*?)The run shows it:\n([\s\S]*?)<\/details>/.exec(sections.Answer);
  const answer = /^\s*\*\*([a-z])\.\*\* ([\s\S]*)$/.exec(details?.[1] ?? '');
  if (details === null || answer === null) throw wrong(name, 'its answer does not begin with "**LETTER.**"');
  return {
    ...{ number: Number(heading[1]), name, title: heading[2]!, idea: heading[3]!.trim() },
    setting: sections['Run it'].replace(RUN_BLOCK, '').trim(),
    look: itemsOf(sections['What to look at']),
    ...{ question: ask.replace(/\n/g, ' '), choices },
    ...{ answer: answer[1]!, why: answer[2]!.trim() },
    shown: itemsOf(details[2]!).map((item) => shownOf(name, item)),
  };
};
