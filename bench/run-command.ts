/** `badgateway run`, as a user starts it, for the result that it writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, type Reaper, type Result } from 'badgateway';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Place {
  readonly reaper: Reaper;
  /** For results. */
  readonly folder: string;
}

interface Ended {
  readonly code: number;
  readonly result: Result;
}

/**
 * @param args what to run, and options.
 * @param codes with which it may end.
 * @throws when it ended with another, with what it said.
 */
export const runCommand = async (
  { reaper, folder }: Place,
  args: readonly string[],
  codes: readonly number[],
): Promise<Ended> => {
  const name = args[0]!;
  const out = join(folder, 'result.json');
  const all = [CLI, 'run', ...args, '--quiet', '--out', `json=${out}`];
  const program = new Program({ name, command: process.execPath, args: all, reaper });
  const code = await program.exited;
  if (code === null || !codes.includes(code))
    throw new Error(`${name} ended with ${code}:\n${program.stderr}`);
  return { code, result: JSON.parse(readFileSync(out, 'utf8')) as Result };
};
