/** Shows a page in the user's browser, where there is one; never waits for it. */
import { startDetached } from '../core/child.js';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

export const openInBrowser = (address: string): void => {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  startDetached(command!, [...args, address]);
};
