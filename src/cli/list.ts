/** `badgateway list`. */
import { EXIT_CODES } from '../core/errors.js';
import { libraryNames, readLibrary } from '../scenarios/library.js';
import { parseScenario } from '../scenarios/parse.js';

export const listScenarios = (json: boolean): number => {
  const scenarios = libraryNames().map((name) => {
    const { title, variants, reproduces } = parseScenario(readLibrary(name), `${name}.yaml`);
    return { name, title, reproduces, variants: variants.map((variant) => variant.name) };
  });
  if (json) {
    process.stdout.write(`${JSON.stringify(scenarios, null, 2)}\n`);
    return EXIT_CODES.pass;
  }
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  for (const { name, title, variants } of scenarios) {
    process.stdout.write(
      `${name.padEnd(width)}  ${title}\n${''.padEnd(width)}  variants: ${variants.join(', ')}\n`,
    );
  }
  return EXIT_CODES.pass;
};
