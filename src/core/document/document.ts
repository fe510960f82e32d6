/**
 * A YAML text as a value with the places of everything in it; JSON is YAML too. What is wrong with a file is told with
 * path, line and column, all at once.
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { UserError } from '../errors.js';
import { Positions } from './positions.js';

export interface DocumentProblem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The flag by which it came, where it is on no line; default `--set`. */
  readonly flag?: string;
}

export class DocumentError extends UserError {
  /** As messages name it. */
  readonly file: string;
  readonly problems: readonly DocumentProblem[];

  constructor(file: string, problems: readonly DocumentProblem[]) {
    const lines = problems.map(({ path, line, column, message, flag = '--set' }) => {
      // Line 0: it was not in the file, but set from outside.
      const place = line === 0 ? flag : `${file}:${line}:${column}:`;
      return `${place} ${path === '' ? '' : `${path}: `}${message}`;
    });
    super('invalidScenario', lines.join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

/**
 * Aliases (`*name`) in a text: each may stand for a large part of it, and that part for others, so that a small text
 * becomes a huge value. A scenario uses a few.
 */
const MAX_ALIASES = 100;

interface Found {
  readonly offset: number;
  readonly message: string;
}

const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

/** What to do about what the YAML library says, by its code. */
const YAML_HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'keys of one map begin in the same column; is a bracket or a quote not closed before?',
  BLOCK_AS_IMPLICIT_KEY:
    'is this line indented further than the one before, or a text with `: ` without quotes?',
  MISSING_CHAR: 'is a bracket, a quote or a `:` missing?',
  BAD_ALIAS: 'a text that begins with * stands in quotes',
  BAD_SCALAR_START: 'a text that begins so stands in quotes',
};

const explainYaml = ({ code, message }: { readonly code: string; readonly message: string }): string => {
  const hint = YAML_HINTS[code];
  return hint === undefined ? message : `${message}; ${hint}`;
};

/** @returns whether the keys are texts; if not, nothing below them is looked at. */
const hasPlainKeys = (map: YAMLMap, found: Found[]): boolean => {
  const keys = new Set<string>();
  for (const { key } of map.items) {
    if (isCollection(key)) {
      found.push({ offset: offsetOf(key), message: 'a key has to be a text' });
      return false;
    }
    const name = isScalar(key) ? String(key.value) : null;
    if (name === null) continue;
    if (keys.has(name))
      found.push({ offset: offsetOf(key), message: `\`${name}\` is there already; map keys must be unique` });
    keys.add(name);
  }
  return true;
};

/**
 * What YAML allows and a config has no use for. Looked for here and not by the library, whose own search for duplicate
 * keys and for anchors compares each with all others, and which prints a key that is a map for every map around it.
 */
const findUnwanted = (document: Document): Found[] => {
  const found: Found[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  visit(document, {
    Node: (_key, node, path) => {
      if (isMap(node) && !hasPlainKeys(node, found)) return visit.BREAK;
      if (isAlias(node)) {
        aliases++;
        const { source } = node;
        if (!anchors.has(source)) {
          found.push({ offset: offsetOf(node), message: `there is no anchor &${source} before this alias` });
        }
        if (path.some((above) => isCollection(above) && above.anchor === source)) {
          found.push({ offset: offsetOf(node), message: `this alias is a part of what &${source} names` });
        }
        if (aliases > MAX_ALIASES) {
          found.push({ offset: offsetOf(node), message: `more than ${MAX_ALIASES} aliases` });
          return visit.BREAK;
        }
      } else if ((isScalar(node) || isCollection(node)) && node.anchor) anchors.add(node.anchor);
      return undefined;
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
 * @throws DocumentError when it is no YAML, or YAML that makes no sense in a config.
 */
export const readDocument = (text: string, file: string): ReadDocument => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  const positions = new Positions(document.contents, lines);
  const refuse = (found: readonly Found[]): void => {
    if (found.length === 0) return;
    throw new DocumentError(
      file,
      found.map(({ offset, message }) => ({ path: '', ...positions.at(offset), message })),
    );
  };
  // What a reader of YAML finds after its first error on a line mostly follows from that one.
  const lineOf = ({ pos }: { readonly pos: readonly [number, number] }): number => positions.at(pos[0]).line;
  const first = document.errors.filter(
    (error, index) => document.errors.findIndex((other) => lineOf(other) === lineOf(error)) === index,
  );
  refuse(first.map((error) => ({ offset: error.pos[0], message: explainYaml(error) })));
  refuse(findUnwanted(document));
  try {
    return { value: document.toJS(), positions };
  } catch (error) {
    refuse([{ offset: 0, message: (error as Error).message }]);
    throw error;
  }
};
