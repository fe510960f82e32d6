/** badgateway as a library. */
export { EXIT_CODES, GatewayError, UserError } from './core/errors.js';
export { type GatewayConfig, type GatewaySection, resolveGatewayConfig } from './gateway/config.js';
export { buildGateway, type Gateway, type GatewayOptions } from './gateway/server.js';
export { ScenarioError } from './scenarios/document.js';
export { libraryNames, readLibrary } from './scenarios/library.js';
export { parseScenario } from './scenarios/parse.js';
export { RealWorld } from './scenarios/real-world.js';
export { renderReport } from './scenarios/report.js';
export { type Result, ResultSchema, type VariantResult, type Verdict } from './scenarios/result.js';
export { type RunOptions, runScenario } from './scenarios/runner.js';
export { type Scenario, type ScenarioFile, ScenarioSchema, type Variant } from './scenarios/scenario.js';
