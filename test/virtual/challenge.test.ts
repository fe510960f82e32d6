/**
 * Challenges: each can be solved from what is shown, nothing that is free names the cause, and what is said to help does.
 * Seeds are fixed, so that a failure is one seed's; each is named by it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CAUSES, causesOf } from '../../src/scenarios/challenge/causes.js';
import {
  type Challenge,
  challengeScenario,
  drawChallenge,
  HEALTHY,
  NOTHING_DONE,
} from '../../src/scenarios/challenge/challenge.js';
import { EVIDENCE, EVIDENCE_KINDS, evidenceView } from '../../src/scenarios/challenge/evidence.js';
import {
  type Answer,
  gradeAnswer,
  HELPS_RATIO,
  MAX_POINTS,
  POINTS,
} from '../../src/scenarios/challenge/grade.js';
import { openingViews } from '../../src/scenarios/challenge/opening.js';
import { LEVELS, type Level } from '../../src/scenarios/challenge/scene.js';
import { untilNow } from '../../src/scenarios/challenge/until-now.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { measureVirtually } from '../../src/scenarios/virtual/engine.js';

const SEEDS_OF_LEVEL = 20;

/** Some hundred runs: a minute for each level on two processors that are free. */
const WAIT_MS = 1_800_000;

const challengesOf = (level: Level): Challenge[] =>
  Array.from({ length: SEEDS_OF_LEVEL }, (_, index) => drawChallenge(level * 100 + index, level));

const ALL = LEVELS.flatMap(challengesOf);

const nameOf = ({ seed, level, truth }: Challenge): string => `seed ${seed}, level ${level}, ${truth.cause}`;

/** Every variant of each, with mitigations at the place where they belong. */
const runAll = async (challenges: readonly Challenge[]): Promise<Map<string, VariantResult>[]> => {
  const works = challenges.map((challenge) => {
    const text = challengeScenario(challenge, challenge.truth.on);
    const source = { text, file: nameOf(challenge), options: { engine: 'virtual' } as const };
    const { variants } = parseScenario(text, source.file, source.options);
    return variants.map(({ name }) => ({ source, variant: name }));
  });
  const { signal } = new AbortController();
  const results = await measureVirtually(works.flat(), { signal });
  let from = 0;
  return works.map((own) => {
    const mine = results.slice(from, from + own.length);
    from += own.length;
    return new Map(mine.map((result) => [result.name, result]));
  });
};

const asWord = (name: string): RegExp => new RegExp(`(^|[^a-z-])${name}([^a-z-]|$)`, 'i');

/** What the scenario calls what is wrong: its faults, toxics and events. */
const tellingWords = ({ timeline, truth, causes }: Challenge): string[] => {
  const text = JSON.stringify(timeline);
  const faults = [...text.matchAll(/"(?:inject|toxic|disturb|fault)":"([a-z-]+)"/g)].map(
    (match) => match[1]!,
  );
  return [
    ...faults,
    truth.cause,
    causes.find(({ name }) => name === truth.cause)!.text,
    ...['fault.injected', 'link.toxic-added', 'dependency.disturbed', 'flood.began', 'readiness'],
    ...['config.pushed', 'deploy.began', 'pushed', 'deploy'],
  ];
};

const goodAfter = (result: VariantResult): number => result.windows.after!.availability!;

/** What is wrong with a challenge, as sentences. */
const problemsOf = (challenge: Challenge, results: Map<string, VariantResult>): string[] => {
  const { truth, times, mitigations } = challenge;
  const [nothingDone, healthy] = [results.get(NOTHING_DONE)!, results.get(HEALTHY)!];
  const problems: string[] = [];
  const hold = (holds: boolean, what: string): void => {
    if (!holds) problems.push(`${nameOf(challenge)}: ${what}`);
  };
  const good = (window: string, of = nothingDone): number => of.windows[window]!.availability!;
  hold(good('baseline') > 0.96, `it is bad from the start: ${good('baseline')}`);
  hold(good('outage', healthy) > 0.96, `it is bad with nothing wrong: ${good('outage', healthy)}`);
  hold(nothingDone.incident !== null, 'users are not hurt');
  hold(good('outage') < good('outage', healthy) - 0.02, `no more fail than by chance: ${good('outage')}`);
  hold(goodAfter(nothingDone) < goodAfter(healthy) - 0.02, 'it is over by itself');

  const now = untilNow(nothingDone, times.actMs);
  const outage = { place: truth.on, fromMs: times.onsetMs, toMs: times.actMs };
  hold(CAUSES[truth.cause].isSeen(now, outage), 'what gives it away is not there');
  hold(
    !CAUSES[truth.cause].isSeen(untilNow(healthy, times.actMs), outage),
    'it is there with nothing wrong, too',
  );

  const free = openingViews(challenge, nothingDone)
    .flatMap(({ title, lines }) => [title, ...lines])
    .join('\n');
  for (const word of tellingWords(challenge))
    hold(!asWord(word).test(free), `"${word}" is among what is free`);
  for (const kind of EVIDENCE_KINDS) {
    const { lines } = evidenceView(challenge, nothingDone, kind);
    hold(lines.length > 0, `no ${kind}`);
    hold(!/\bthe fault\b|the toxic|it begins/.test(lines.join('\n')), `${kind} says what it is`);
  }

  const answer: Answer = { cause: truth.cause, on: truth.on, mitigation: truth.mitigation };
  const outcomes = { nothingDone, done: results.get(truth.mitigation)! };
  const grade = gradeAnswer(challenge, answer, outcomes, []);
  hold(grade.total === MAX_POINTS, `the right answer gets ${grade.total} points: ${JSON.stringify(grade)}`);
  hold(goodAfter(outcomes.done) > goodAfter(nothingDone), 'what is said to help does not');
  for (const { name } of challenge.causes.filter((one) => one.name !== truth.cause)) {
    const { total } = gradeAnswer(challenge, { ...answer, cause: name }, outcomes, []);
    hold(total === MAX_POINTS - POINTS.cause - POINTS.evidence, `the wrong cause ${name} gets ${total}`);
  }
  const graded = mitigations.map(({ name }) => {
    const done = results.get(name)!;
    return gradeAnswer(challenge, { ...answer, mitigation: name }, { nothingDone, done }, []);
  });
  for (const one of graded) {
    hold(one.helped === one.removedRatio >= HELPS_RATIO, 'what helps is not what the run shows');
    hold(one.helped === (one.points.mitigation === POINTS.mitigation), 'points without help');
  }
  hold(
    graded.some(({ helped }) => !helped),
    'whatever is done helps',
  );
  return problems;
};

describe('a challenge', () => {
  it('is the same for the same seed and level, and another for others', () => {
    const texts = ALL.map((challenge) => challengeScenario(challenge, challenge.truth.on));
    const again = LEVELS.flatMap(challengesOf).map((challenge) =>
      challengeScenario(challenge, challenge.truth.on),
    );
    expect(again).toEqual(texts);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('has its answer among the choices, and every cause of its level some time', () => {
    for (const { causes, places, mitigations, truth } of ALL) {
      expect(causes.map(({ name }) => name)).toContain(truth.cause);
      expect(places.map(({ name }) => name)).toContain(truth.on);
      expect(mitigations.map(({ name }) => name)).toContain(truth.mitigation);
    }
    for (const level of LEVELS) {
      const drawn = Array.from({ length: 300 }, (_, seed) => drawChallenge(seed, level).truth.cause);
      expect([...new Set(drawn)].sort()).toEqual(causesOf(level).sort());
    }
  });

  it('runs in both engines, whatever place is answered', () => {
    for (const challenge of LEVELS.map((level) => drawChallenge(7, level))) {
      for (const { name } of challenge.places) {
        const text = challengeScenario(challenge, name);
        for (const engine of ['real', 'virtual'] as const)
          expect(parseScenario(text, name, { engine }).variants).toHaveLength(
            challenge.mitigations.length + 2,
          );
      }
    }
  });

  it('sells for all its points what there is to look at', () => {
    expect(EVIDENCE_KINDS.reduce((sum, kind) => sum + EVIDENCE[kind].cost, 0)).toBe(POINTS.evidence);
    expect(Object.values(POINTS).reduce((sum, points) => sum + points, 0)).toBe(MAX_POINTS);
  });

  it('is described as it is', () => {
    const page = readFileSync(new URL('../../docs/learn/challenge.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `?([a-z]+)`? \| (\d+) \|/gm)].map((match) => [
      match[1],
      Number(match[2]),
    ]);
    const costs = EVIDENCE_KINDS.map((kind) => [kind, EVIDENCE[kind].cost]);
    expect(rows).toEqual(
      [...costs, ...Object.entries(POINTS)].map(([name, points]) => [name === 'on' ? 'place' : name, points]),
    );
  });

  it.each(LEVELS)(
    'of level %i can be solved, keeps its secret, and is graded by its runs',
    async (level) => {
      const challenges = challengesOf(level);
      const results = await runAll(challenges);
      expect(challenges.flatMap((challenge, index) => problemsOf(challenge, results[index]!))).toEqual([]);
    },
    WAIT_MS,
  );
});
