/** What the lessons and challenges of a lab need of the command: runs in virtual time, and reports. */
import { wallClock } from '../core/clock.js';
import { UserError } from '../core/errors.js';
import { lessonScenario, readLessons } from '../scenarios/lessons/lessons.js';
import { Learning, type LearningWork } from '../scenarios/live/learning.js';
import type { Result } from '../scenarios/result.js';
import { packReport } from '../web/report.js';
import { RUNS } from './run-engines.js';
import { planRun } from './run-plan.js';
import { toResult } from './run-result.js';
import { findBundled, type ScenarioText } from './scenario-file.js';
import { anySeed } from './small-run.js';

const runBeside =
  (closed: AbortSignal) =>
  async ({ file, text, variants }: LearningWork): Promise<Result> => {
    const plan = await planRun({ file, text, bundled: true }, { engine: 'virtual', variant: variants });
    const startedAt = new Date(wallClock.nowMs());
    const replications = await RUNS.virtual(plan, closed, null);
    if (closed.aborted) throw new UserError('couldNotStart', 'the lab was closed');
    return toResult(plan, replications, startedAt);
  };

/** @param closed aborted when the lab is: what still runs then ends. */
export const makeLearning = (closed: AbortSignal): Learning =>
  new Learning({ run: runBeside(closed), pack: packReport, drawSeed: anySeed });

/** What can be run in a lab's place: a bundled scenario, or a lesson's. @throws UserError when there is neither. */
export const findForLab = (name: string): ScenarioText => {
  const lesson = readLessons().find((one) => one.name === name);
  return lesson === undefined ? findBundled(name) : { ...lessonScenario(lesson), bundled: true };
};
