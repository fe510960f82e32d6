/**
 * The process has as many files open as it may (`fleet.openFiles`), so it can take no connection more. Node leaves new
 * ones in the kernel's queue; those that are open go on.
 */
import { closeSync, openSync } from 'node:fs';
import { defineFault } from './fault.js';

/** Whoever frees one gets no connection through: it is taken at the next turn. */
const REFILL_INTERVAL_MS = 10;

export const fileExhaustion = defineFault({
  description: 'opens files until the process may open no more: new connections are not taken',
  clientSees: '504 (connect or response timeout) on new connections; kept ones still answer',
  standsFor: 'seed 001 "resource exhaustion on backend systems"',
  takes: {},
  lasts: 'span',
  survivesRestart: false,
  begin: (site) => {
    const open: number[] = [];
    const fill = (): void => {
      try {
        for (;;) open.push(openSync('/dev/null', 'r'));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
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
