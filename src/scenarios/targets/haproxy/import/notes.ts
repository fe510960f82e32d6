/** What becomes of each line of a config that is read. */
import type { ImportedLine, LineFate } from '../../imported.js';
import type { Directive, Section } from './document.js';

interface Note {
  readonly fate: LineFate;
  readonly note: string;
}

/** What is not as good as what. */
const ORDER: readonly LineFate[] = ['ignored', 'understood', 'nearly', 'lost'];

export class Notes {
  readonly #notes = new Map<Directive, Note>();

  /** A line that several sections share keeps the worst that is said of it. */
  say(directive: Directive, fate: LineFate, note: string): void {
    const known = this.#notes.get(directive);
    if (known === undefined || ORDER.indexOf(fate) > ORDER.indexOf(known.fate)) {
      this.#notes.set(directive, { fate, note });
    }
  }

  has(directive: Directive): boolean {
    return this.#notes.has(directive);
  }

  /** Every line of these sections; one of which nothing was said is lost. */
  lines(sections: readonly Section[]): ImportedLine[] {
    return sections
      .flatMap(({ head, directives }) => [head, ...directives])
      .map((directive) => {
        const { fate, note } = this.#notes.get(directive) ?? {
          fate: 'lost',
          note: 'the section has no words for it',
        };
        return { line: directive.line, text: directive.text, fate, note };
      });
  }
}
