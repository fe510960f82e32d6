#!/usr/bin/env node
/** The command line: finds the verb, and turns whatever happens into an exit code. */
import { main } from './cli/main.js';

process.exitCode = await main(process.argv.slice(2));
