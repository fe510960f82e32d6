/** nginx's config language: words, blocks, quotes, comments, and where each directive stands. */
import { DocumentError } from '../../../../core/document/document.js';

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** `null`: it ends with a semicolon. */
  readonly block: readonly Directive[] | null;
}

interface Token {
  readonly kind: 'word' | ';' | '{' | '}' | 'end';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Deeper is nobody's config. */
const MAX_DEPTH = 32;

const CONTROLS: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

/** A backslash counts before quotes, before itself and in `\t`, `\r` and `\n`; elsewhere it stays. */
const unescaped = (raw: string): string =>
  raw.replace(/\\(["'\\trn])/g, (_escape, letter: string) => CONTROLS[letter] ?? letter);

class Lexer {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  fail(message: string, { line, column }: Pick<Token, 'line' | 'column'>): never {
    throw new DocumentError(this.#file, [{ path: '', line, column, message }]);
  }

  #place(): { readonly line: number; readonly column: number } {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #advance(): string {
    const next = this.#text[this.#at++]!;
    if (next === '\n') {
      this.#line++;
      this.#lineStart = this.#at;
    }
    return next;
  }

  #skip(): void {
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined) return;
      if (next === '#') {
        while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#at++;
      } else if (/\s|\uFEFF/.test(next)) this.#advance();
      else return;
    }
  }

  next(): Token {
    this.#skip();
    const place = this.#place();
    const first = this.#text[this.#at];
    if (first === undefined) return { kind: 'end', text: '', ...place };
    if (first === ';' || first === '{' || first === '}') {
      this.#at++;
      return { kind: first, text: first, ...place };
    }
    const text = first === '"' || first === "'" ? this.#quoted(first) : this.#word();
    return { kind: 'word', text, ...place };
  }

  #quoted(quote: string): string {
    const place = this.#place();
    this.#at++;
    const from = this.#at;
    for (;;) {
      if (this.#at >= this.#text.length) this.fail(`this ${quote} is not closed`, place);
      const next = this.#advance();
      if (next === '\\' && this.#at < this.#text.length) this.#advance();
      else if (next === quote) return unescaped(this.#text.slice(from, this.#at - 1));
    }
  }

  #word(): string {
    const from = this.#at;
    while (this.#at < this.#text.length) {
      const next = this.#text[this.#at]!;
      if (/\s/.test(next) || next === ';') break;
      // `${name}` is a variable within a word.
      if (next === '{' && this.#text[this.#at - 1] !== '$') break;
      this.#advance();
      if (next === '\\' && this.#at < this.#text.length) this.#advance();
    }
    return unescaped(this.#text.slice(from, this.#at));
  }
}

const parseBlock = (lexer: Lexer, opened: Token | null, depth: number): Directive[] => {
  const directives: Directive[] = [];
  if (depth > MAX_DEPTH) lexer.fail(`blocks are nested deeper than ${MAX_DEPTH}`, opened!);
  for (;;) {
    const first = lexer.next();
    if (first.kind === 'end') {
      if (opened !== null) lexer.fail('this block is not closed', opened);
      return directives;
    }
    if (first.kind === '}') {
      if (opened === null) lexer.fail('there is no block that this } closes', first);
      return directives;
    }
    if (first.kind !== 'word') lexer.fail(`a directive begins with its name, not with ${first.text}`, first);
    const args: string[] = [];
    let token = lexer.next();
    for (; token.kind === 'word'; token = lexer.next()) args.push(token.text);
    if (token.kind === 'end' || token.kind === '}') {
      lexer.fail(`\`${first.text}\` does not end with ; or a block`, first);
    }
    const block = token.kind === '{' ? parseBlock(lexer, token, depth + 1) : null;
    directives.push({ name: first.text, args, line: first.line, column: first.column, block });
  }
};

/** @throws DocumentError with line and column where it is no config of nginx. */
export const parseNginx = (text: string, file: string): Directive[] =>
  parseBlock(new Lexer(text, file), null, 0);

/** A directive on one line, as it is shown. */
export const textOf = ({ name, args, block }: Directive): string =>
  `${[name, ...args.map((arg) => (arg === '' || /[\s;{}]/.test(arg) ? JSON.stringify(arg) : arg))].join(' ')}${block === null ? ';' : ' {'}`;
