/** `learn` and `challenge` as commands, without a terminal. */
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';

interface Printed {
  readonly evidence: readonly { readonly pass: boolean; readonly kind: string }[];
  readonly causes: readonly { readonly name: string }[];
  readonly truth?: { readonly cause: string; readonly on: string; readonly mitigation: string };
  readonly grade?: { readonly total: number };
}

const parse = (text: string): Printed => JSON.parse(text) as Printed;

/** A run in virtual time takes a second, unless a neighbour has the processor. */
const WAIT_MS = 180_000;

describe('badgateway learn', () => {
  it(
    'lists the lessons',
    async () => {
      const { code, stdout } = await runCli(['learn']);
      expect(code).toBe(0);
      expect(stdout).toContain(' 1  502, 503 and 504');
      expect(stdout).toContain('10  Metastable failure');
    },
    WAIT_MS,
  );

  it(
    'prints a lesson, its run, the question and the answer',
    async () => {
      const { code, stdout } = await runCli(['learn', '3']);
      expect(code).toBe(0);
      const parts = [
        '3. Open and closed loop',
        'What is run',
        'Good answers',
        'Question',
        'Answer: b',
        '✓ closed',
      ];
      const places = parts.map((part) => stdout.indexOf(part));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places[0]).toBeGreaterThanOrEqual(0);
      expect(stdout).not.toMatch(/\*\*|```|<details>/);
    },
    WAIT_MS,
  );

  it(
    'says whether an answer is right',
    async () => {
      const wrong = await runCli(['learn', '3', '--answer', 'a']);
      expect(wrong.code).toBe(0);
      expect(wrong.stdout).toContain('a is not what happened; it is b.');
      const right = await runCli(['learn', '3', '--answer', 'b', '--json']);
      expect(parse(right.stdout).evidence.every(({ pass }) => pass)).toBe(true);
    },
    WAIT_MS,
  );

  it.each([
    [['learn', '11'], 'there is no lesson 11; they are 1 to 10'],
    [['learn', '1', '--answer', 'z'], '--answer takes a, b, c, got "z"'],
    [['learn', '1', '--engine', 'vitual'], '--engine takes virtual or real, got "vitual"'],
    [['challenge', '--level', '4'], '--level takes 1, 2 or 3, got "4"'],
    [['challenge', '--seed', '1', '--evidence', 'all'], '--evidence takes workers, log'],
    [['challenge', '--seed', '1', '--answer', 'cause=x'], '--answer: cause is one of memory, stuck'],
  ])(
    'refuses %j',
    async (args, message) => {
      const { code, stderr } = await runCli(args);
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    },
    WAIT_MS,
  );
});

describe('badgateway challenge', () => {
  const ARGS = ['challenge', '--seed', '15', '--json'];

  it(
    'shows what is seen, and keeps its secret',
    async () => {
      const { code, stdout } = await runCli(ARGS);
      expect(code).toBe(0);
      const { causes, truth, grade } = parse(stdout);
      expect(causes.length).toBeGreaterThan(4);
      expect([truth, grade]).toEqual([undefined, undefined]);
    },
    WAIT_MS,
  );

  it(
    'grades an answer, and says what it was',
    async () => {
      const first = await runCli([...ARGS, '--answer', 'cause=stuck,on=worker-1,mitigation=patience']);
      const { truth, grade } = parse(first.stdout);
      expect(grade!.total).toBeLessThan(50);
      const { cause, on, mitigation } = truth!;
      const text = `cause=${cause},on=${on},mitigation=${mitigation}`;
      const right = await runCli([...ARGS, '--answer', text]);
      expect(parse(right.stdout).grade!.total).toBe(100);
      const told = await runCli(['challenge', '--seed', '15', '--evidence', 'clients', '--answer', text]);
      expect(told.code).toBe(0);
      expect(told.stdout).toContain('97 of 100');
      expect(told.stdout).toMatch(/What it was[\s\S]*The lesson about it: badgateway learn \d+/);
    },
    WAIT_MS,
  );

  it(
    'lists the choices where nobody can be asked',
    async () => {
      const { code, stdout } = await runCli(['challenge', '--seed', '15']);
      expect(code).toBe(0);
      expect(stdout).toContain('To answer: badgateway challenge --seed 15 --level 1 --answer');
      expect(stdout).not.toContain('What it was');
    },
    WAIT_MS,
  );
});
