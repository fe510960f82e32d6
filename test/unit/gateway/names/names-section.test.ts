/** The section `gateway.names`: its defaults, and what is wrong with it, with path and line. */
import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../../../src/core/document/document.js';
import { findNamesProblems, resolveNames } from '../../../../src/gateway/config/names.js';
import { parseGatewayFile } from '../../../../src/gateway/config-document.js';

const problemsOf = (text: string): unknown => {
  try {
    return parseGatewayFile(text, 'gateway.yaml');
  } catch (error) {
    if (error instanceof DocumentError) return error.problems;
    throw error;
  }
};

it('has defaults', () => {
  expect(resolveNames()).toEqual({
    resolver: null,
    timeoutMs: 300,
    recheckMs: 1_000,
    serveStale: false,
    maxStaleMs: 86_400_000,
    refuseEmpty: false,
  });
});

describe('a resolver', () => {
  it.each(['127.0.0.1', '127.0.0.1:5353', '::1', '[::1]:53', '[::1]'])('may be %s', (resolver) => {
    expect(findNamesProblems({ resolver })).toEqual([]);
  });

  it.each([
    'localhost',
    'localhost:53',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:',
    '[127.0.0.1]:53',
    '::1:x',
    '1.2.3',
  ])('may not be %s', (resolver) => {
    expect(findNamesProblems({ resolver })).toMatchObject([
      {
        path: ['resolver'],
        message: `is "${resolver}"; write an address, such as 127.0.0.1:5353 or [::1]:53`,
      },
    ]);
  });
});

describe('a mistake', () => {
  it.each([
    ['names: { timeout: 300 }', 'names.timeout', 'write 300ms or 300s'],
    ['names: { timeout: 0s }', 'names.timeout', 'it has to be longer than nothing'],
    ['names: { timeOut: 1s }', 'names.timeOut', 'unknown key; known here: resolver, timeout'],
    ['names: { serveStale: yes-please }', 'names.serveStale', 'expected one of on, off'],
    ['names: { maxStale: 1h }', 'names.maxStale', 'means nothing without `serveStale: on`'],
    ['names: { refuseEmpty: on }', 'names.refuseEmpty', 'means nothing without `serveStale: on`'],
    ['names: { resolver: localhost }', 'names.resolver', 'write an address'],
  ])('such as %s is told where it is', (text, path, message) => {
    expect(problemsOf(`# first line\n${text}`)).toMatchObject([
      { path, line: 2, message: expect.stringContaining(message) },
    ]);
  });

  it('is not made by asking at every connection', () => {
    expect(problemsOf('names: { recheck: 0s, serveStale: on, refuseEmpty: on }')).toMatchObject({
      names: { recheckMs: 0, serveStale: true, refuseEmpty: true },
    });
  });
});
