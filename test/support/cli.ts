/** The command itself, as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when stderr has said this. */
  said(text: string): Promise<void>;
  /** The first line on stdout. */
  readonly firstLine: Promise<string>;
}

/** Starts the command; it is killed when the test ends, should it still run. */
export const startCli = (
  args: readonly string[],
  env: Record<string, string> = {},
  cwd = process.cwd(),
): Command => {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const firstLine = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes('\n')) resolve(stdout.slice(0, stdout.indexOf('\n')));
    });
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!stderr.includes(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      finished.then(() => reject(new Error(`ended without saying "${text}":\n${stderr}`)));
    });
  return { process: child, finished, said, firstLine };
};

/** @param cwd the folder in which it runs; default: the project's. */
export const runCli = (
  args: readonly string[],
  env?: Record<string, string>,
  cwd?: string,
): Promise<Finished> => startCli(args, env, cwd).finished;

const MAX_RUNS = 5;
/** Exit code 98 alone does not tell a spoiled run from one that was bad before anything happened. */
const INCONCLUSIVE = /^INCONCLUSIVE$|"verdict": ?"inconclusive"/m;

/** Runs again what the machine spoiled, as the command itself advises. */
export const runConclusively = async (
  args: readonly string[],
  env?: Record<string, string>,
): Promise<Finished> => {
  let finished = await runCli(args, env);
  for (let run = 2; run <= MAX_RUNS && INCONCLUSIVE.test(finished.stdout); run++)
    finished = await runCli(args, env);
  return finished;
};

/** A scenario file that goes when the test ends. */
export const scenarioFile = (text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, text);
  return file;
};
