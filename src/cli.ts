#!/usr/bin/env node
/** The command line: finds the verb, and turns whatever happens into an exit code. */
import { main } from './cli/main.js';

// A reader that has seen enough, such as `head`, is no error, and must not end a run with its processes still up.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await main(process.argv.slice(2));
