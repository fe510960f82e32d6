/** Questions to whoever sits at the terminal. */
import { createInterface } from 'node:readline';

/** Whether somebody is there to answer. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

/** Asks, and asks again until one of the words is given. @returns `null`: the terminal was closed, or Ctrl-C. */
export const askFor = (prompt: string, words: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    let given: string | null = null;
    terminal.setPrompt(prompt);
    terminal.on('line', (line) => {
      const word = line.trim().toLowerCase();
      if (words.includes(word)) {
        given = word;
        terminal.close();
        return;
      }
      process.stdout.write(`Please type one of ${words.join(', ')}.\n`);
      terminal.prompt();
    });
    terminal.on('SIGINT', () => terminal.close());
    terminal.on('close', () => {
      if (given === null) process.stdout.write('\n');
      resolve(given);
    });
    terminal.prompt();
  });

const DEFAULT_COLUMNS = 100;
const MIN_COLUMNS = 40;
/** Text in longer lines is hard to read. */
const MAX_COLUMNS = 110;

/** Columns for text on stdout. */
export const textColumns = (): number => {
  const wide = (process.stdout.isTTY ? process.stdout.columns : undefined) ?? DEFAULT_COLUMNS;
  return Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, wide));
};
