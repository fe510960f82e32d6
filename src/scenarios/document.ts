/**
 * A YAML text as a value with the places of everything in it; JSON is YAML too. What is wrong with a file is told with
 * path, line and column, all at once.
 */
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import { UserError } from '../core/errors.js';
import { Positions } from './positions.js';

export interface ScenarioProblem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export class ScenarioError extends UserError {
  readonly problems: readonly ScenarioProblem[];

  constructor(file: string, problems: readonly ScenarioProblem[]) {
    const lines = problems.map(({ path, line, column, message }) => {
      // Line 0: it was not in the file, but set from outside.
      const place = line === 0 ? '--set' : `${file}:${line}:${column}:`;
      return `${place} ${path === '' ? '' : `${path}: `}${message}`;
    });
    super('invalidScenario', lines.join('\n'));
    this.problems = problems;
  }
}

const unresolvedAliases = (document: Document): { name: string; offset: number }[] => {
  const found: { name: string; offset: number }[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) {
        found.push({ name: alias.source, offset: alias.range?.[0] ?? 0 });
      }
    },
  });
  return found;
};

export interface ReadDocument {
  readonly value: unknown;
  readonly positions: Positions;
}

/**
 * @param file its name, for messages.
 * @throws ScenarioError when it is no YAML.
 */
export const readDocument = (text: string, file: string): ReadDocument => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const positions = new Positions(document.contents, lines);
  if (document.errors.length > 0) {
    throw new ScenarioError(
      file,
      document.errors.map((error) => ({ path: '', ...positions.at(error.pos[0]), message: error.message })),
    );
  }
  const unresolved = unresolvedAliases(document);
  if (unresolved.length > 0) {
    throw new ScenarioError(
      file,
      unresolved.map(({ name, offset }) => ({
        path: '',
        ...positions.at(offset),
        message: `there is no anchor &${name} before this alias`,
      })),
    );
  }
  return { value: document.toJS(), positions };
};
