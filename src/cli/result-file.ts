/** A result that `run` has written, read back. */
import { readFileSync } from 'node:fs';
import { UserError } from '../core/errors.js';
import { findProblems } from '../core/validate.js';
import { type Result, ResultSchema } from '../scenarios/result.js';

/** @throws UserError for a file that is none, and for a run of which nothing was measured. */
export const readResultFile = (file: string): Result => {
  const refuse = (why: string): never => {
    throw new UserError('usage', `${file} ${why}; write one with badgateway run NAME --out json=FILE`);
  };
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return refuse(`cannot be read: ${(error as Error).message}`);
  }
  const [problem] = findProblems(ResultSchema, document);
  if (problem !== undefined)
    return refuse(`is no result of a run: ${problem.path || 'the document'} ${problem.message}`);
  const result = document as Result;
  if (result.variants.length === 0)
    return refuse('holds a run that was interrupted before anything was measured');
  return result;
};
