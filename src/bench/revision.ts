/**
 * Another revision of badgateway, checked out and compiled beside this one, so that both can be measured at the same
 * time. It is laid out with `git worktree` in a temporary folder and taken away again.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../core/errors.js';
import { runProgram } from '../core/program.js';
import type { Reaper } from '../core/reaper.js';

export interface Revision {
  /** Its compiled command. */
  readonly command: string;
  /** The commit, in short. */
  readonly commit: string;
  remove(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const readOrEmpty = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/**
 * @param signal stops it.
 * @throws UserError when there is no such revision, or it cannot be built.
 */
export const checkOutRevision = async (
  revision: string,
  reaper: Reaper,
  signal?: AbortSignal,
): Promise<Revision> => {
  const program = (command: string, args: readonly string[], cwd: string) => ({
    name: `${command} ${args[0]}`,
    command,
    args,
    cwd,
    reaper,
  });
  const run = (command: string, args: readonly string[], cwd: string): Promise<string> =>
    runProgram({ ...program(command, args, cwd), ...(signal && { signal }) });
  const commit = (
    await run('git', ['rev-parse', '--verify', '--short', `${revision}^{commit}`], ROOT).catch(() => {
      throw new UserError(
        'usage',
        `--against takes an address such as http://127.0.0.1:3000 or a revision of badgateway's repository; ` +
          `"${revision}" is neither`,
      );
    })
  ).trim();
  const parent = mkdtempSync(join(tmpdir(), 'badgateway-revision-'));
  const folder = join(parent, commit);
  const remove = async (): Promise<void> => {
    // To its end, also when nobody waits for the rest.
    await runProgram(program('git', ['worktree', 'remove', '--force', folder], ROOT)).catch(() => {});
    rmSync(parent, { recursive: true, force: true });
  };
  try {
    await run('git', ['worktree', 'add', '--detach', folder, commit], ROOT);
    const sameModules =
      readOrEmpty(join(folder, 'package-lock.json')) === readOrEmpty(join(ROOT, 'package-lock.json'));
    if (sameModules) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    else await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
    await run('npm', ['run', 'build'], folder);
  } catch (error) {
    await remove();
    throw new UserError('couldNotStart', `revision ${commit} cannot be built: ${(error as Error).message}`);
  }
  return { command: join(folder, 'dist', 'cli.js'), commit, remove };
};
