/** `badgateway list`: the bundled scenarios, and what they are for. */
import { EXIT_CODES } from '../core/errors.js';
import { formatDuration } from '../core/units.js';
import { libraryNames } from '../scenarios/library.js';
import { describeScenario } from '../scenarios/library-list.js';

export const listScenarios = (json: boolean): number => {
  const scenarios = libraryNames().map(describeScenario);
  if (json) {
    process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
    return EXIT_CODES.pass;
  }
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const indent = ''.padEnd(width);
  for (const { name, title, reproduces, variants, realTimeMs: ms, engines } of scenarios) {
    const virtual = engines.includes('virtual') ? ', or seconds in virtual time' : '; real time only';
    const lines = [
      `${name.padEnd(width)}  ${title}`,
      ...(reproduces.length > 0 ? [`${indent}  reproduces: ${reproduces.join(', ')}`] : []),
      `${indent}  variants: ${variants.join(', ')}`,
      `${indent}  takes: about ${formatDuration(ms)}${virtual}`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  }
  return EXIT_CODES.pass;
};
