/** `badgateway report`: a stored result as a page. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { reportCommand } from '../../../src/cli/report.js';
import { result, variantResult, windowResult } from '../../support/records.js';

const folderOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

describe('a report of a stored result', () => {
  it('is written beside it, or where one says', () => {
    const folder = folderOf();
    const file = join(folder, 'run.json');
    const shown = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => shown.mockRestore());
    const stored = result([variantResult({ name: 'as-it-happened', windows: { '(run)': windowResult() } })]);
    writeFileSync(file, JSON.stringify(stored));
    expect(reportCommand(file, {})).toBe(0);
    expect(readFileSync(join(folder, 'run.html'), 'utf8')).toContain('as-it-happened');
    expect(shown).toHaveBeenCalledWith(`file://${join(folder, 'run.html')}\n`);
    const elsewhere = join(folder, 'pages', 'a.html');
    expect(reportCommand(file, { output: elsewhere })).toBe(0);
    expect(readFileSync(elsewhere, 'utf8')).toMatch(/^<!DOCTYPE html>/);
  });

  it('is refused for a file that is none', () => {
    const file = join(folderOf(), 'x.json');
    writeFileSync(file, '{}');
    expect(() => reportCommand(file, {})).toThrow(/is no result of a run/);
    expect(() => reportCommand(`${file}.gone`, {})).toThrow(/cannot be read/);
  });
});
