/** What HAProxy's log and its command line say, in plain words. */
import { describe, expect, it } from 'vitest';
import { LOG_FILE, readEvidence } from '../../../src/scenarios/targets/haproxy/evidence.js';
import { readLogLine } from '../../../src/scenarios/targets/haproxy/log.js';
import { readProcesses, readServers } from '../../../src/scenarios/targets/haproxy/sockets.js';
import { explainEnd } from '../../../src/scenarios/targets/haproxy/states.js';

const RAY = '9543f9f1f08c4083';

/** A line as HAProxy 2.6 writes it. */
const lineOf = (fields: Readonly<Record<string, string>>): string => {
  const plain = { status: '200', end: '--', backend: 'all', server: 'worker-1', retries: '0', queue: '0/0' };
  const times = { queued: '0', connect: '0', answer: '11', all: '11', bytes: '103' };
  const all = { ray: RAY, ...plain, ...times, ...fields };
  const words = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  return `${words.join(' ')} "GET /x?end=SC HTTP/1.1"`;
};

const textOf = (fields: Readonly<Record<string, string>>): string | undefined =>
  readEvidence((file) => (file === LOG_FILE ? `${lineOf(fields)}\n` : ''), new Set([RAY]))[0]?.text;

describe('evidence', () => {
  it.each<readonly [fields: Record<string, string>, text: RegExp]>([
    [{}, /^--: went well for HAProxy: the server’s own answer .*server worker-1, status 200, 11 ms/],
    [{ end: 'SC', status: '503', answer: '-1' }, /^SC: the server refused the connection/],
    [{ end: 'SC', status: '503', server: '<NOSRV>' }, /^SC: no server was there to choose.*no server of all/],
    [{ end: 'sC', status: '503', connect: '-1', all: '1001' }, /^sC: .*`timeout connect`.*1001 ms in all/],
    [
      { end: 'sQ', status: '503', queued: '500' },
      /^sQ: no server was free within `timeout queue`.*500 ms in the queue/,
    ],
    [{ end: 'sH', retries: '2' }, /after 2 retries/],
    [{ end: '--', retries: '+1' }, /after 1 retry, the last on another server/],
    [{ end: 'CH', status: '-1' }, /^CH: the client left before.*no answer/],
  ])('%j', (fields, text) => {
    expect(textOf(fields)).toMatch(text);
  });

  it('is of those requests alone that were asked for', () => {
    const log = [lineOf({}), lineOf({ ray: '0'.repeat(16) }), 'Proxy all stopped.', ''].join('\n');
    expect(readEvidence(() => log, new Set([RAY])).map(({ line }) => line)).toEqual([lineOf({})]);
    expect(readEvidence(() => '', new Set([RAY]))).toEqual([]);
  });

  it('is not taken in by what a client writes into its request', () => {
    expect(readLogLine(lineOf({}))?.end).toBe('--');
    expect(readLogLine(`"GET / ${lineOf({})}`)).toBeNull();
  });
});

describe('an end', () => {
  const causes = 'CSPLRIDUKcs-';
  const stages = 'RQCHDLT-';

  it('has words for every pair that there can be', () => {
    for (const cause of causes) {
      for (const stage of stages) {
        const text = explainEnd(`${cause}${stage}`, true);
        expect(text).not.toMatch(/undefined|somewhere|HAProxy calls/);
      }
    }
  });

  it('has words for one that is not known yet', () => {
    expect(explainEnd('xY', true)).toBe('an end that HAProxy calls x, somewhere');
  });
});

describe('what a master says', () => {
  const text = [
    '#<PID>          <type>          <reloads>       <uptime>        <version>',
    '10760           master          2 [failed: 1]   0d00h00m19s     2.6.12-1+deb12u4',
    '# workers',
    '11078           worker          0               0d00h00m01s     2.6.12-1+deb12u4',
    '# old workers',
    '10763           worker          2               0d00h00m18s     2.6.12-1+deb12u4',
    '# programs',
  ].join('\n');

  it('is read', () => {
    expect(readProcesses(text)).toEqual([
      { pid: 10760, kind: 'master', current: true, reloads: 2, failed: 1 },
      { pid: 11078, kind: 'worker', current: true, reloads: 0, failed: 0 },
      { pid: 10763, kind: 'worker', current: false, reloads: 2, failed: 0 },
    ]);
    expect(readProcesses('')).toEqual([]);
  });

  it('names servers by backend, with their addresses', () => {
    const columns = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_port';
    expect(readServers(`1\n${columns}\n3 all 1 w1 127.0.0.1 2 18181`)).toEqual([
      { name: 'all/w1', host: '127.0.0.1', port: 18181 },
    ]);
  });
});
