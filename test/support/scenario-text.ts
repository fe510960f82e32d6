/** Scenario files as text, and where in them a mistake is. */
import { expect } from 'vitest';
import { DocumentError } from '../../src/core/document/document.js';
import { type ParseOptions, parseScenario } from '../../src/scenarios/parse.js';

/** As short as a scenario gets: two workers, four seconds, one variant. Sections may be added below it. */
export const MINIMAL = `version: 1
name: small
title: A small one
fleet:
  workers: 2
load:
  stages:
    - { rate: 10/s, for: 4s }
`;

/** Stands in a text right before the character that a message must point at. */
export const HERE = '▸';

export interface Marked {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Takes the one marker out of a text. */
export const unmark = (marked: string): Marked => {
  const [before, after, ...more] = marked.split(HERE);
  if (after === undefined || more.length > 0) throw new Error(`exactly one ${HERE} expected in:\n${marked}`);
  const lines = before!.split('\n');
  return { text: before + after, line: lines.length, column: lines.at(-1)!.length + 1 };
};

export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Everything that is wrong with a scenario; empty when nothing is. */
export const problemsOf = (text: string, options?: ParseOptions): readonly Problem[] => {
  try {
    parseScenario(text, 'test.yaml', options);
    return [];
  } catch (error) {
    if (error instanceof DocumentError) return error.problems;
    throw error;
  }
};

/** One mistake, at the marker, and nothing else said. */
export const expectMistake = (marked: string, path: string, message: string): void => {
  const { text, line, column } = unmark(marked);
  expect(problemsOf(text)).toEqual([{ path, line, column, message: expect.stringContaining(message) }]);
};
