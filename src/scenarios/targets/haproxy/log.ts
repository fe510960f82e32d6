/** The log that a run has HAProxy write, one line for each request. */

/** Bytes and times as in the manual's section on logs; what a client may choose stands last. */
export const LOG_FORMAT = [
  'ray=%ID',
  'status=%ST',
  'end=%ts',
  'backend=%b',
  'server=%s',
  'retries=%rc',
  'queue=%sq/%bq',
  'queued=%Tw',
  'connect=%Tc',
  'answer=%Tr',
  'all=%Ta',
  'bytes=%B',
  '%{+Q}r',
].join(' ');

export interface LogLine {
  /** 16 hex digits. */
  readonly rayId: string;
  readonly status: number;
  /** What ended it and where, two signs. */
  readonly end: string;
  readonly backend: string;
  /** `null`: no server was chosen. */
  readonly server: string | null;
  readonly retries: number;
  /** Whether the last attempt went to another server than the one before. */
  readonly redispatched: boolean;
  /** In milliseconds; −1 for what it did not come to. */
  readonly queuedMs: number;
  readonly connectMs: number;
  readonly answerMs: number;
  readonly totalMs: number;
}

const PATTERN = new RegExp(
  [
    '^ray=(?<rayId>[0-9a-f]{16})',
    String.raw`status=(?<status>-?\d+)`,
    String.raw`end=(?<end>\S{2})`,
    String.raw`backend=(?<backend>\S+)`,
    String.raw`server=(?<server>\S+)`,
    String.raw`retries=(?<again>\+?)(?<retries>\d+)`,
    String.raw`queue=\S+`,
    String.raw`queued=(?<queued>-?\d+)`,
    String.raw`connect=(?<connect>-?\d+)`,
    String.raw`answer=(?<answer>-?\d+)`,
    String.raw`all=\+?(?<total>-?\d+) `,
  ].join(' '),
);

/** @returns `null` for a line that is of no request, or of one that was none. */
export const readLogLine = (line: string): LogLine | null => {
  const found = PATTERN.exec(line)?.groups;
  if (found === undefined) return null;
  const { rayId = '', end = '', backend = '', server = '', again } = found;
  const number = (name: string): number => Number(found[name]);
  return {
    rayId,
    status: number('status'),
    end,
    backend,
    server: server.startsWith('<') ? null : server,
    retries: number('retries'),
    redispatched: again === '+',
    queuedMs: number('queued'),
    connectMs: number('connect'),
    answerMs: number('answer'),
    totalMs: number('total'),
  };
};
