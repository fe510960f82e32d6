/** JUnit's XML, as CI systems read it: one test case for everything that can pass or fail. */

export interface JunitCase {
  readonly name: string;
  /** Why it failed; `null`: it passed. */
  readonly failure: string | null;
  /** Why nothing can be said of it; default: something can. */
  readonly skipped?: string | null;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters: they are left out. */
const escapeXml = (text: string): string =>
  text.replace(/[^\P{Cc}\t\n\r]/gu, '').replace(/[&<>"']/g, (character) => ESCAPES[character]!);

/** @param suite what the cases belong to, such as a scenario. */
export const renderJunit = (suite: string, cases: readonly JunitCase[]): string => {
  const failures = cases.filter(({ failure }) => failure !== null).length;
  const skips = cases.filter(({ failure, skipped = null }) => failure === null && skipped !== null).length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skips}"`;
  const name = escapeXml(suite);
  const lines = cases.map((one) => {
    const open = `    <testcase classname="${name}" name="${escapeXml(one.name)}"`;
    if (one.failure === null && one.skipped) {
      return `${open}>\n      <skipped message="${escapeXml(one.skipped)}"/>\n    </testcase>`;
    }
    if (one.failure === null) return `${open}/>`;
    const text = escapeXml(one.failure);
    return `${open}>\n      <failure message="${text}">${text}</failure>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${name}" ${counts}>`,
    ...lines,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
};
