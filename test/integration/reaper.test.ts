/** The reaper: what is left when its pipe closes goes, and one thing that cannot go keeps nothing else. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Reaper } from '../../src/core/reaper.js';

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'reaper-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
};

it('removes the other folders when one cannot be removed', async () => {
  const [first, last] = [newFolder(), newFolder()];
  const reaper = new Reaper();
  reaper.watchFolder(first);
  const file = join(newFolder(), 'file');
  writeFileSync(file, '');
  // Nothing can be below a file, which is no folder that is merely gone already.
  reaper.watchFolder(join(file, 'folder'));
  reaper.watchFolder(last);
  await reaper.stop();
  expect([first, last].map((folder) => existsSync(folder))).toEqual([false, false]);
});

it('removes a folder into which a process that it kills was writing', async () => {
  const folder = newFolder();
  const inside = join(folder, 'inside');
  mkdirSync(inside);
  writeFileSync(join(inside, 'first'), '');
  const writer = spawn(
    process.execPath,
    [
      '-e',
      `for (let n = 0; ; n++) require('node:fs').writeFileSync(${JSON.stringify(inside)} + '/' + n % 500, '')`,
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => writer.on('exit', resolve));
  const reaper = new Reaper();
  reaper.watch(writer.pid!);
  reaper.watchFolder(folder);
  await reaper.stop();
  await ended;
  expect(existsSync(folder)).toBe(false);
});
