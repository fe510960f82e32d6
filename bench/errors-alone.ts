/** `npm run bench:errors`: that part of the suite alone. */
import { errorsMarkdown, measureErrors, writeErrors } from './errors.js';

const costs = measureErrors();
writeErrors(costs);
process.stdout.write(`${errorsMarkdown(costs)}\n\ndocs/performance.md is written\n`);
