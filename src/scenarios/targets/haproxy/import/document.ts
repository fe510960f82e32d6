/** The text of a `haproxy.cfg`: its sections, and the words of each line. */
import { DocumentError } from '../../../../core/document/document.js';

export interface Directive {
  /** From 1. */
  readonly line: number;
  /** As it stands there, without the spaces around it and without a comment. */
  readonly text: string;
  /** Without quotes and escapes; never empty. */
  readonly words: readonly string[];
}

export interface Section {
  readonly kind: string;
  /** '' where it has none. */
  readonly name: string;
  /** The `defaults` that it names; `null`: those before it. */
  readonly from: string | null;
  readonly head: Directive;
  readonly directives: readonly Directive[];
}

const SECTIONS: ReadonlySet<string> = new Set([
  ...['global', 'defaults', 'frontend', 'backend', 'listen', 'userlist', 'peers', 'mailers', 'resolvers'],
  ...[
    'cache',
    'program',
    'ring',
    'http-errors',
    'fcgi-app',
    'log-forward',
    'crt-list',
    'crt-store',
    'traces',
  ],
]);

/** What a backslash makes of the sign after it. */
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

interface Cut {
  readonly words: string[];
  /** Where the line's own text ends, before a comment. */
  readonly end: number;
  /** Where a quote begins that never ends; `null`: none does. */
  readonly openAt: number | null;
}

/** Cuts a line into words, as HAProxy does (configuration manual, section 2.2). */
const cut = (line: string): Cut => {
  const words: string[] = [];
  let word: string | null = null;
  let quote: { readonly sign: string; readonly at: number } | null = null;
  let index = 0;
  for (; index < line.length; index++) {
    const sign = line[index]!;
    if (sign === '\\' && quote?.sign !== "'") {
      const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(index + 1))?.[1];
      const next = line[index + 1] ?? '';
      word = `${word ?? ''}${hex === undefined ? (ESCAPED[next] ?? next) : String.fromCharCode(Number.parseInt(hex, 16))}`;
      index += hex === undefined ? 1 : 3;
    } else if (quote !== null) {
      if (sign === quote.sign) quote = null;
      else word = `${word ?? ''}${sign}`;
    } else if (sign === '"' || sign === "'") {
      quote = { sign, at: index };
      word ??= '';
    } else if (sign === '#') {
      break;
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = `${word ?? ''}${sign}`;
    }
  }
  if (word !== null) words.push(word);
  return { words, end: Math.min(index, line.length), openAt: quote?.at ?? null };
};

/** `defaults NAME from OTHER`. */
const sectionOf = (head: Directive): Omit<Section, 'directives'> => {
  const [kind = '', name = '', word, from] = head.words;
  const isFrom = name === 'from';
  return {
    kind,
    name: isFrom ? '' : name,
    from: (isFrom ? word : word === 'from' ? from : null) ?? null,
    head,
  };
};

/**
 * Reads the sections, each with its lines.
 * @throws DocumentError where a quote does not end, and where the text does not begin as HAProxy's configs do.
 */
export const readDocument = (text: string, file: string): Section[] => {
  const sections: { head: Directive; directives: Directive[] }[] = [];
  const wrong = (line: number, column: number, message: string): DocumentError =>
    new DocumentError(file, [{ path: '', line, column, message }]);
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const { words, end, openAt } = cut(raw);
    const line = index + 1;
    if (openAt !== null) throw wrong(line, openAt + 1, 'this quote does not end on its line');
    const [first] = words;
    if (first === undefined) continue;
    const directive: Directive = { line, text: raw.slice(0, end).trim(), words };
    if (SECTIONS.has(first)) sections.push({ head: directive, directives: [] });
    else if (sections.length > 0) sections.at(-1)!.directives.push(directive);
    else {
      const column = raw.length - raw.trimStart().length + 1;
      throw wrong(
        line,
        column,
        `"${first}" stands in no section: a config of HAProxy begins with one such as global, defaults or frontend`,
      );
    }
  }
  if (sections.length === 0) throw wrong(1, 1, 'there is no section, such as frontend or backend');
  return sections.map(({ head, directives }) => ({ ...sectionOf(head), directives }));
};
