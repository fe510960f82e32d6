/** xmllint, which knows XML Schema, and the two schemas of JUnit files that CI systems check by. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const XMLLINT = '/usr/bin/xmllint';

/** Of Debian's package `libxml2-utils`. */
export const hasXmllint = existsSync(XMLLINT);

/** Apache Ant's, strict about what must be there; the one of Jenkins' xUnit plugin, strict about what may be. */
export const JUNIT_SCHEMAS = ['ant', 'xunit'] as const;

/** @returns what the schema has against the document; empty: nothing. */
export const schemaProblems = (xml: string, schema: (typeof JUNIT_SCHEMAS)[number]): Promise<string> =>
  new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL(`../fixtures/junit/${schema}.xsd`, import.meta.url));
    const child = spawn(XMLLINT, ['--noout', '--nonet', '--schema', file, '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? '' : `xmllint ended with ${code}: ${output}`));
    child.stdin.end(xml);
  });
