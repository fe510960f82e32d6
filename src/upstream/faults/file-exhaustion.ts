/**
 * The process has as many files open as it may (`fleet.openFiles`), so it can take no connection more. libuv keeps one
 * file in reserve for this case: it lets go of it, takes each new connection and closes it at once, so that nobody waits
 * in vain. Connections that are open go on.
 */
import { defineFault } from './fault.js';

export const fileExhaustion = defineFault({
  description: 'opens files until the process may open no more: new connections are closed as they come',
  clientSees: '502 (connection reset) at once on new connections; kept ones still answer',
  standsFor: 'seed 001 "resource exhaustion on backend systems"; Slack 2021-01-04 (file descriptor limit)',
  takes: {},
  lasts: 'span',
  survivesRestart: false,
  begin: ({ runtime }) => runtime.exhaustFiles(),
});
