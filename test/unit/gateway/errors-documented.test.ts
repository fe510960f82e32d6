/** docs/errors.md and the code say the same, both ways: codes, statuses, Proxy-Status, flags, dialects. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../src/core/errors.js';
import { STATUS_DIALECTS, statusIn } from '../../../src/gateway/dialect.js';

const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const [main, dialects] = text.split('## Dialects') as [string, string];

const rowsOf = (part: string): string[][] =>
  part
    .split('\n')
    .filter((line) => line.startsWith('| `BGW_ERR_'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', ''))
        .slice(1, -1),
    );

describe('docs/errors.md', () => {
  it('has a row for every code, and no other', () => {
    expect(
      rowsOf(main)
        .map(([code]) => code)
        .sort(),
    ).toEqual(Object.keys(ERRORS).sort());
  });

  it.each(rowsOf(main))('says of %s what the code says', (code, status, proxyStatus, flag) => {
    const spec = ERRORS[code as ErrorCode];
    expect([String(spec.statusCode), spec.proxyStatus, spec.envoyFlag]).toEqual([status, proxyStatus, flag]);
  });

  it.each(rowsOf(dialects))('gives %s the statuses of every dialect', (code, ...statuses) => {
    expect(STATUS_DIALECTS.map((dialect) => String(statusIn(dialect, code as ErrorCode)))).toEqual(statuses);
  });

  it('lists every code that differs in a dialect', () => {
    const differing = (Object.keys(ERRORS) as ErrorCode[]).filter((code) =>
      STATUS_DIALECTS.some((dialect) => statusIn(dialect, code) !== ERRORS[code].statusCode),
    );
    const listed = rowsOf(dialects).map(([code]) => code!);
    expect(differing.filter((code) => !listed.includes(code))).toEqual([]);
  });
});
