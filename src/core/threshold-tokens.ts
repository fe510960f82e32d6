/** The words of the threshold language (`thresholds.ts`). */

/** A threshold that cannot be read; `column` counts from 1 within its text. */
export class ThresholdError extends Error {
  override readonly name = 'ThresholdError';
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

export interface Token {
  readonly type: 'number' | 'name' | 'symbol' | 'selector';
  readonly text: string;
  readonly column: number;
}

const TOKEN =
  /\s*(?:(?<number>(?:(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+|\d+(?:\.\d+)?(?:%|\/[smh]|[KMG]i?B|B)?)(?![a-z0-9_.]|-[a-z]))|(?<name>[a-z0-9][a-z0-9_]*(?:[.-][a-z0-9_]+)*)|(?<symbol>>=|<=|==|!=|[<>+*[\]-])|(?<selector>\{[^{}]*\}?))/y;

/** @throws ThresholdError */
export const tokenize = (text: string): Token[] => {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) {
      const column = start + 1 + (text.slice(start).length - text.slice(start).trimStart().length);
      const character = text[column - 1]!;
      const hint = character === '=' ? '; equal is ==' : '';
      throw new ThresholdError(`"${character}" does not belong here${hint}`, column);
    }
    const [type, token] = Object.entries(match.groups!).find(([, found]) => found !== undefined) as [
      Token['type'],
      string,
    ];
    tokens.push({ type, text: token, column: TOKEN.lastIndex - token.length + 1 });
  }
  return tokens;
};
