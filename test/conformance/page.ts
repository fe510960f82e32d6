/** Expectations in the words of `docs/conformance.md`, so that the page and the suite say the same. */
import { causeOf, ERRORS } from '../../src/core/errors.js';
import type { ClientRequest } from './client-requests.js';
import type { Expectation, Outcome, Retried } from './expectations.js';

const outcomeText = (outcome: Outcome): string => {
  switch (outcome.kind) {
    case 'pass':
      return String(outcome.status);
    case 'error':
      return `${ERRORS[outcome.codes[0]!].statusCode} ${outcome.codes.map((code) => `\`${causeOf(code)}\``).join(' or ')}`;
    case 'cut':
      return '200, cut';
  }
};

export const expectationText = ({ outcome, post }: Expectation): string => {
  const [get, other] = [outcomeText(outcome), outcomeText(post)];
  return get === other ? get : `GET ${get}, POST ${other}`;
};

const RETRIED_TEXTS: Readonly<Record<Retried, string>> = {
  any: 'all',
  idempotent: 'idempotent',
  optional: 'may be',
  none: 'no',
};

export const retriedText = ({ retried }: Expectation): string => RETRIED_TEXTS[retried];

export const clientRequestText = ({ informational = [], gets, leaves }: ClientRequest): string => {
  const statuses = gets.map((wanted) => (typeof wanted === 'number' ? String(wanted) : wanted.join(' or ')));
  const end = leaves === 'closed' ? ['closed'] : [];
  return [...informational.map(String), ...statuses, ...end].join(', ');
};

/** The cells of a table's rows that begin with a name in backticks, by that name; backticks elsewhere stay. */
export const rowsOf = (markdown: string): ReadonlyMap<string, readonly string[]> => {
  const rows = new Map<string, readonly string[]>();
  for (const line of markdown.split('\n')) {
    const name = /^\| `([^`]+)`/.exec(line)?.[1];
    if (name === undefined) continue;
    if (rows.has(name)) throw new Error(`two rows for ${name}`);
    rows.set(
      name,
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
};
