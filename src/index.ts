/** badgateway as a library. */
export {
  type BenchOptions,
  DEFAULT_PLAN,
  type MeasuredComparison,
  measureAgainst,
  measureTargets,
  type Plan,
  RUNNING_PLAN,
} from './bench/benchmark.js';
export { compareTrials, type PairedTrial, trialRatio } from './bench/compare.js';
export { LoadGenerator } from './bench/load.js';
export type { Round, RunningTarget, Target, Workload } from './bench/measure.js';
export { toTargetResult } from './bench/metrics.js';
export { type Origin, startOrigin } from './bench/origin-server.js';
export { type Pinning, pin } from './bench/pinning.js';
export { outcomesText } from './bench/report.js';
export { type BenchResult, BenchResultSchema, type Comparison, type TargetResult } from './bench/result.js';
export { estimateRatio, medianRatio } from './bench/statistics.js';
export { addressTarget, EVERY_POLICY, gatewayTarget } from './bench/targets.js';
export { WORKLOADS } from './bench/workloads.js';
export { DocumentError } from './core/document/document.js';
export { EXIT_CODES, GatewayError, UserError } from './core/errors.js';
export { Program, type ProgramOptions, runProgram } from './core/program.js';
export { Reaper } from './core/reaper.js';
export { type Estimate, medianOf, type Summary, summarize } from './core/statistics.js';
export { type GatewayConfig, type GatewaySection, resolveGatewayConfig } from './gateway/config.js';
export { type ErrorPage, renderErrorJson, renderErrorPage, renderErrorText } from './gateway/error-answer.js';
export { V8_FLAGS } from './gateway/gateway-child.js';
export { buildGateway, type Gateway, type GatewayOptions } from './gateway/server.js';
export {
  type Challenge,
  challengeScenario,
  drawChallenge,
  HEALTHY,
  NOTHING_DONE,
} from './scenarios/challenge/challenge.js';
export { EVIDENCE, type EvidenceKind, evidenceView } from './scenarios/challenge/evidence.js';
export { type Answer, type Grade, gradeAnswer } from './scenarios/challenge/grade.js';
export { openingViews, type View } from './scenarios/challenge/opening.js';
export type { Lesson } from './scenarios/lessons/lesson.js';
export { lessonScenario, readLessons } from './scenarios/lessons/lessons.js';
export { libraryNames, readLibrary } from './scenarios/library.js';
export { parseScenario } from './scenarios/parse.js';
export { RealWorld } from './scenarios/real-world.js';
export { renderReport } from './scenarios/report/report.js';
export { type Result, ResultSchema, type VariantResult, type Verdict } from './scenarios/result.js';
export { type RunOptions, runScenario } from './scenarios/runner.js';
export { type Scenario, type ScenarioFile, ScenarioSchema, type Variant } from './scenarios/scenario.js';
export {
  type StatusPage,
  type StatusPageOptions,
  startStatusPage,
} from './scenarios/status-page/status-page.js';
export { type SweepResult, SweepResultSchema } from './scenarios/sweep/sweep-result.js';
export { runVirtually, type VirtualRunOptions } from './scenarios/virtual/engine.js';
export type { ScenarioSource } from './scenarios/virtual/messages.js';
