/** Files that a command writes: whether they can be written is known before a run, not after it. */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '../core/errors.js';

/** One folder at a time: `mkdir` with `recursive` never returns where a file system takes no folders, such as /proc. */
const ensureFolder = (folder: string): void => {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) ensureFolder(parent);
  mkdirSync(folder);
};

/** Makes the folder, and opens the file for writing once. @throws UserError when it cannot be written. */
export const prepareOutput = (file: string): void => {
  try {
    ensureFolder(dirname(resolve(file)));
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new UserError('usage', `cannot write ${file}: ${(error as Error).message}`);
  }
};
