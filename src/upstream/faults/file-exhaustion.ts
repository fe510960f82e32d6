/**
 * The process has as many files open as it may (`fleet.openFiles`), so it can take no connection more. libuv keeps one
 * file in reserve for this case: it lets go of it, takes each new connection and closes it at once, so that nobody waits
 * in vain. Connections that are open go on.
 */
import { closeSync, openSync } from 'node:fs';
import { defineFault } from './fault.js';

/** A connection that ends frees a file, and who comes next would get it: it is taken at the next turn. */
const REFILL_INTERVAL_MS = 10;

/** Of the process, and of the whole machine. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE']);

export const fileExhaustion = defineFault({
  description: 'opens files until the process may open no more: new connections are closed as they come',
  clientSees: '502 (connection reset) at once on new connections; kept ones still answer',
  standsFor: 'seed 001 "resource exhaustion on backend systems"; Slack 2021-01-04 (file descriptor limit)',
  takes: {},
  lasts: 'span',
  survivesRestart: false,
  begin: (site) => {
    const open: number[] = [];
    const fill = (): void => {
      try {
        for (;;) open.push(openSync('/dev/null', 'r'));
      } catch (error) {
        if (!EXHAUSTED.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    };
    fill();
    const timer = site.clock.every(REFILL_INTERVAL_MS, fill);
    return () => {
      timer.cancel();
      for (const file of open) closeSync(file);
    };
  },
});
