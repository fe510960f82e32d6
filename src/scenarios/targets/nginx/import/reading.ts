/** What the parts of an import write into: the section as it grows, the servers, and what became of each directive. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { ImportedLine, LineFate } from '../../imported.js';
import { type Directive, textOf } from './parse.js';

/** A section while it is put together. */
export type Draft = { -readonly [Key in keyof GatewaySection]: GatewaySection[Key] };

/** `map`, `geo` or `split_clients`: a variable that depends on another. */
export interface Mapping {
  readonly directive: Directive;
  readonly kind: string;
  readonly source: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
}

/** Levels around a directive, the innermost first. */
export type Scope = readonly (readonly Directive[])[];

export class Reading {
  readonly section: Draft = {};
  readonly mappings = new Map<string, Mapping>();
  readonly #fates = new Map<Directive, readonly [LineFate, string]>();

  /** What was said of a directive first stands. */
  say(directive: Directive, fate: LineFate, note: string): void {
    if (!this.#fates.has(directive)) this.#fates.set(directive, [fate, note]);
  }

  has(directive: Directive): boolean {
    return this.#fates.has(directive);
  }

  sayAll(directives: readonly Directive[], fate: LineFate, note: string): void {
    for (const directive of directives) {
      this.say(directive, fate, note);
      this.sayAll(directive.block ?? [], fate, note);
    }
  }

  /** Every directive, in the order of the file. */
  lines(directives: readonly Directive[]): ImportedLine[] {
    return directives.flatMap((directive) => {
      const [fate, note] = this.#fates.get(directive) ?? ['lost', 'nothing is known of it here'];
      return [
        { line: directive.line, text: textOf(directive), fate, note },
        ...this.lines(directive.block ?? []),
      ];
    });
  }
}

export const named = (directives: readonly Directive[], name: string): Directive[] =>
  directives.filter((directive) => directive.name === name);

/** All of that name on the innermost level that has any: those around it are replaced. */
export const allIn = (scope: Scope, name: string): Directive[] => {
  for (const level of scope) {
    const found = named(level, name);
    if (found.length > 0) return found;
  }
  return [];
};

export const oneIn = (scope: Scope, name: string): Directive | undefined => allIn(scope, name).at(-1);

/** The only value of a variable that a map gives it, whatever its source. */
export const constantOf = (reading: Reading, text: string): string => {
  const mapping = reading.mappings.get(text);
  const [only, ...others] = mapping?.entries ?? [];
  return only?.[0] === 'default' && others.length === 0 ? only[1] : text;
};
