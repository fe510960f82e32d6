/** docs/conformance.md and the suite say the same, both ways. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/core/errors.js';
import { CLIENT_MANNERS, type MannerId } from './client-manners.js';
import { CLIENT_REQUEST_IDS, clientRequestOf } from './client-requests.js';
import { EXPECTATIONS } from './expectations.js';
import { FAULT_IDS, faultOf } from './faults.js';
import { clientRequestText, expectationText, retriedText, rowsOf } from './page.js';

const text = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');

/** From its heading to the next. */
const section = (heading: string): string => {
  const start = text.indexOf(`\n## ${heading}\n`);
  if (start === -1) throw new Error(`no section ${heading}`);
  const end = text.indexOf('\n## ', start + 1);
  return text.slice(start, end === -1 ? undefined : end);
};

/** id and description, five proxies, then ours. */
const OURS = 6;

describe('the faults of upstreams', () => {
  const rows = rowsOf(section('What upstreams do'));

  it('have a row each, and no other has one', () => {
    expect([...rows.keys()].sort()).toEqual([...FAULT_IDS].sort());
  });

  it.each(FAULT_IDS)('%s is told as the suite expects it', (id) => {
    const cells = rows.get(id) ?? [];
    expect([cells[0], cells[OURS], cells[OURS + 1]]).toEqual([
      `\`${id}\` ${faultOf(id).description}`,
      expectationText(EXPECTATIONS[id]),
      retriedText(EXPECTATIONS[id]),
    ]);
  });

  it.each(FAULT_IDS)('%s has a reason where the proxies and badgateway do not all do the same', (id) => {
    const cells = rows.get(id) ?? [];
    const statuses = new Set(cells.slice(1, OURS + 1).map((cell) => /\d+|empty|raw/.exec(cell)?.[0]));
    const measured = cells.slice(1, OURS).some((cell) => cell !== '-');
    if (measured && statuses.size > 1) expect(cells[OURS + 2]).not.toBe('');
  });
});

describe('what clients send', () => {
  const rows = rowsOf(section('What clients send'));

  it('has a row each, and no other has one', () => {
    expect([...rows.keys()].sort()).toEqual([...CLIENT_REQUEST_IDS].sort());
  });

  it.each(CLIENT_REQUEST_IDS)('%s is told as the suite expects it', (id) => {
    const request = clientRequestOf(id);
    const cells = rows.get(id) ?? [];
    expect([cells[0], cells[OURS]]).toEqual([`\`${id}\` ${request.description}`, clientRequestText(request)]);
  });
});

describe('what clients do', () => {
  const rows = rowsOf(section('Clients that are slow, send too much, or leave'));
  const ids = Object.keys(CLIENT_MANNERS) as MannerId[];

  it('has a row each, and no other has one', () => {
    expect([...rows.keys()].sort()).toEqual([...ids].sort());
  });

  it.each(ids)('%s is told as the suite expects it', (id) => {
    const { description, answer } = CLIENT_MANNERS[id];
    const cells = rows.get(id) ?? [];
    expect([cells[0], cells[OURS]]).toEqual([`\`${id}\` ${description}`, answer]);
  });
});

describe('limits and overload', () => {
  it.each([...rowsOf(section('Limits and overload')).entries()])(
    '%s has the status of its code',
    (code, cells) => {
      expect(cells.at(-1)).toBe(String(ERRORS[code as ErrorCode].statusCode));
    },
  );
});
