/** Reading the page's tables, and saying an expectation in its words. */
import { expect, it } from 'vitest';
import { EXPECTATIONS } from '../../conformance/expectations.js';
import type { FaultId } from '../../conformance/faults.js';
import { expectationText, rowsOf } from '../../conformance/page.js';

it('finds the rows that begin with a name, and takes them apart', () => {
  const text = '| fault | x |\n|---|---|\n| `a` first | 1 |\nprose\n| `b` | `2` or 3 |\n';
  expect([...rowsOf(text)]).toEqual([
    ['a', ['`a` first', '1']],
    ['b', ['`b`', '`2` or 3']],
  ]);
});

it('refuses two rows of one name', () => {
  expect(() => rowsOf('| `a` | 1 |\n| `a` | 2 |')).toThrow('two rows for a');
});

it.each<[id: FaultId, text: string]>([
  ['none', '200'],
  ['hang', '504 `response_timeout`'],
  ['accept-fin', '502 `connection_closed` or `connection_reset`'],
  ['ka-race-rst', 'GET 200, POST 502 `connection_reset` or `connection_closed`'],
  ['trunc-cl-fin', '200, cut'],
])('says of %s: %s', (id, text) => {
  expect(expectationText(EXPECTATIONS[id])).toBe(text);
});
