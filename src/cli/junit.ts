/**
 * JUnit's XML, as CI systems read it: one test case for everything that can pass or fail. There is no one schema of it;
 * this keeps to what is right by both that are in use, that of Apache Ant's reports and that of Jenkins' xUnit plugin.
 */

export interface JunitCase {
  readonly name: string;
  /** Why it failed; `null`: it passed. */
  readonly failure: string | null;
  /** Why nothing can be said of it; default: something can. */
  readonly skipped?: string | null;
  /** What kept it from being judged at all; default: nothing did. */
  readonly error?: string | null;
}

export interface JunitSuite {
  /** What its cases belong to. */
  readonly name: string;
  /** What CI systems group cases by, such as `scenario.variant`. */
  readonly className: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** What the reader should know of how it was run. */
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly JunitCase[];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A parser would make a space of it in an attribute.
  '\n': '&#10;',
};

/** XML 1.0 has no way to write most control characters, halves of characters and non-characters: they are left out. */
const writable = (text: string): string => text.replace(/[^\P{Cc}\t\n]|[\p{Cs}\ufffe\uffff]/gu, '');

const escapeText = (text: string): string => writable(text).replace(/[&<>"']/g, (one) => ESCAPES[one]!);

const escapeAttribute = (text: string): string =>
  writable(text).replace(/[&<>"'\n]/g, (one) => ESCAPES[one]!);

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`)
    .join('');

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

type Outcome = readonly [element: 'error' | 'failure' | 'skipped', text: string];

const outcomeOf = ({ error = null, failure, skipped = null }: JunitCase): Outcome | null => {
  if (error !== null) return ['error', error];
  if (failure !== null) return ['failure', failure];
  return skipped === null ? null : ['skipped', skipped];
};

const caseLines = (one: JunitCase, className: string): string[] => {
  const open = `    <testcase${attributes({ classname: className, name: one.name, time: seconds(0) })}`;
  const outcome = outcomeOf(one);
  if (outcome === null) return [`${open}/>`];
  const [element, text] = outcome;
  const [first = ''] = text.split('\n', 1);
  const type = element === 'failure' ? 'threshold' : element;
  const inner =
    element === 'skipped'
      ? `<skipped${attributes({ message: text })}/>`
      : `<${element}${attributes({ type, message: first })}>${escapeText(text)}</${element}>`;
  return [`${open}>`, `      ${inner}`, '    </testcase>'];
};

const suiteLines = (suite: JunitSuite, index: number): string[] => {
  const outcomes = suite.cases.map(outcomeOf);
  const count = (element: string): number => outcomes.filter((one) => one?.[0] === element).length;
  const open = attributes({
    name: suite.name,
    package: suite.className,
    id: index,
    // Without a time zone, as the schema wants it; it is UTC.
    timestamp: suite.startedAt.slice(0, 'YYYY-MM-DDThh:mm:ss'.length),
    hostname: 'localhost',
    tests: suite.cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(suite.durationMs),
  });
  return [
    `  <testsuite${open}>`,
    '    <properties>',
    ...Object.entries(suite.properties).map(
      ([name, value]) => `      <property${attributes({ name, value })}/>`,
    ),
    '    </properties>',
    ...suite.cases.flatMap((one) => caseLines(one, suite.className)),
    '    <system-out/>',
    '    <system-err/>',
    '  </testsuite>',
  ];
};

export const renderJunit = (suites: readonly JunitSuite[]): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
