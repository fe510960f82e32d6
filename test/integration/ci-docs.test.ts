/** What the CI guide and its workflow tell people to type: verbs, flags and outputs that there are. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXIT_CODES } from '../../src/core/errors.js';
import { runCli } from '../support/cli.js';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const WORKFLOW = 'examples/github-actions-scenarios.yml';

/** `npx badgateway …` up to the end of the command, with lines that go on joined. */
const commandsIn = (text: string): string[][] =>
  [...text.replaceAll(/\\\n\s*/g, '').matchAll(/npx badgateway ([^\n`]*)/g)].map((match) =>
    match[1]!
      .replace(/\s*(#|\|\||&&|;).*$/, '')
      .trim()
      .split(/\s+/),
  );

const commands = [...commandsIn(read('docs/ci.md')), ...commandsIn(read(WORKFLOW))];

const helps = new Map<string, string>();

const helpOf = async (verb: string): Promise<string> => {
  const help = helps.get(verb) ?? (await runCli([verb, '--help'])).stdout;
  helps.set(verb, help);
  return help;
};

describe('docs/ci.md and its workflow', () => {
  it('have commands', () => {
    expect(commands.length).toBeGreaterThan(8);
  });

  it.each(commands.map((command) => [command.join(' '), command] as const))(
    'may tell people to type: badgateway %s',
    async (_text, [verb, ...args]) => {
      const help = await helpOf(verb!);
      expect(help).toContain(`badgateway ${verb}`);
      for (const flag of args.filter((arg) => arg.startsWith('--'))) expect(help).toContain(`${flag} `);
      for (const [, kind] of args.join(' ').matchAll(/--out (\w+)=/g)) expect(help).toContain(`${kind}=FILE`);
    },
  );

  it('list the exit codes, and no others', () => {
    const text = read('docs/ci.md');
    const section = text.slice(text.indexOf('## Exit codes'), text.indexOf('## What to keep'));
    const listed = [...section.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap((match) =>
      match[1]!.split(',').map(Number),
    );
    expect(listed.sort((a, b) => a - b)).toEqual(Object.values(EXIT_CODES).sort((a, b) => a - b));
  });

  it('have a workflow with a job for each engine', () => {
    const { on, jobs } = parse(read(WORKFLOW));
    expect(Object.keys(on)).toEqual(['pull_request', 'schedule']);
    const text = (job: { steps: { run?: string }[] }): string =>
      job.steps.map(({ run = '' }) => run).join('\n');
    expect(text(jobs.virtual)).toContain('--engine virtual');
    expect(text(jobs.real)).not.toContain('--engine virtual');
    for (const job of Object.values(jobs) as { steps: unknown[] }[])
      expect(job.steps.length).toBeGreaterThan(3);
  });
});
