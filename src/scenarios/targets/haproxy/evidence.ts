/** What HAProxy itself says of how requests ended: its log, in plain words. */
import type { Evidence } from '../target.js';
import { type LogLine, readLogLine } from './log.js';
import { explainEnd } from './states.js';

/** What it writes to its standard output. */
export const LOG_FILE = 'haproxy.log';

const retriesText = ({ retries, redispatched }: LogLine): string[] => {
  if (retries === 0) return redispatched ? ['sent to another server'] : [];
  const count = retries === 1 ? 'after 1 retry' : `after ${retries} retries`;
  return [redispatched ? `${count}, the last on another server` : count];
};

/** Which of its times tells where it stood: the last that it came to. */
const timeText = ({ queuedMs, connectMs, answerMs, totalMs }: LogLine): string[] => [
  ...(queuedMs > 0 ? [`${queuedMs} ms in the queue`] : []),
  ...(connectMs > 0 ? [`${connectMs} ms to connect`] : []),
  ...(answerMs > 0 ? [`${answerMs} ms to the answer’s header`] : []),
  `${totalMs} ms in all`,
];

const textOf = (line: LogLine): string => {
  const { end, server, backend, status } = line;
  const where = server === null ? `no server of ${backend}` : `server ${server}`;
  // A 500 that was handed on is the server’s own; one of HAProxy’s has another end.
  const what = `${end}: ${explainEnd(end, server !== null)} (HAProxy termination state)`;
  const answered = status > 0 ? `status ${status}` : 'no answer';
  return [what, where, answered, ...retriesText(line), ...timeText(line)].join(', ');
};

export const readEvidence = (
  read: (file: string) => string,
  rayIds: ReadonlySet<string>,
): readonly Evidence[] =>
  read(LOG_FILE)
    .split('\n')
    .flatMap((line) => {
      const said = readLogLine(line);
      return said === null || !rayIds.has(said.rayId)
        ? []
        : [{ rayId: said.rayId, text: textOf(said), line }];
    });
