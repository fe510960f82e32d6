/**
 * The status page over HTTP: its pages, JSON and feed are valid whatever they hold, reports are checked and bounded, and its
 * process goes with whoever started it.
 */
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { MAX_REPORT_BYTES } from '../../src/scenarios/status-page/reports.js';
import { StatusServer } from '../../src/scenarios/status-page/server.js';
import { ask, type ClientAnswer } from '../support/gateway.js';
import { htmlProblems, skeletonOf } from '../support/html.js';
import { type Element, parseXml } from '../support/junit-schema.js';
import { gateway, ToldBoard } from '../support/status-page.js';

const HOSTILE = '</style><script>alert(1)</script>"\' & <b>';

interface Served {
  readonly told: ToldBoard;
  readonly port: number;
  /** Ray IDs of reports that the run is told of. */
  readonly reported: readonly string[];
}

const serve = async (title = 'Shop'): Promise<Served> => {
  const told = new ToldBoard(title);
  const clock = { ...wallClock, nowMs: () => told.nowMs };
  const reported: string[] = [];
  const server = new StatusServer(told.board, clock, title, (rayId) => reported.push(rayId));
  const port = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close());
  return { told, port, reported };
};

/** An outage, over; another, going on; with reports. */
const eventful = async (title?: string): Promise<Served> => {
  const served = await serve(title);
  const { told, port } = served;
  const bad = { seconds: 5, failedRatio: 1, components: [gateway('major_outage', HOSTILE)] };
  told.tell({ seconds: 5 }).tell({ ...bad, identified: HOSTILE });
  await report(port, { ray: '0123456789abcdef', note: HOSTILE });
  told.tell({ seconds: 30 }).tell(bad);
  return served;
};

const report = (port: number, fields: Record<string, string>, type = 'application/x-www-form-urlencoded') =>
  ask(
    port,
    { method: 'POST', path: '/report', headers: { 'content-type': type } },
    type.endsWith('json') ? JSON.stringify(fields) : new URLSearchParams(fields).toString(),
  );

const getJson = async (port: number, path: string) =>
  JSON.parse((await ask(port, { path: `/api/v2/${path}` })).body);

describe('the page', () => {
  it.each([
    ['before anything', async () => serve()],
    [
      'while all is well',
      async () => {
        const served = await serve();
        served.told.tell({ seconds: 3 });
        return served;
      },
    ],
    ['in an outage', () => eventful()],
    ['with a hostile title', () => eventful(HOSTILE)],
    [
      'of a run that is over',
      async () => {
        const served = await eventful();
        served.told.end();
        return served;
      },
    ],
  ])('is good HTML %s, and runs no script', async (_title, make) => {
    const { port } = await make();
    for (const path of ['/', '/?refresh=off', '/report']) {
      const answer = await ask(port, { path });
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
      expect((await htmlProblems(answer.body)).filter((problem) => !problem.includes('long-title'))).toEqual(
        [],
      );
      expect(skeletonOf(answer.body).filter((tag) => /^<(script|b class|img)/.test(tag))).toEqual([]);
      expect(answer.body).not.toContain('<script');
    }
  });

  it('has itself loaded again, until somebody says no', async () => {
    const { port } = await serve();
    expect((await ask(port)).headers.refresh).toBe('3');
    expect((await ask(port, { path: '/?refresh=off' })).headers.refresh).toBeUndefined();
  });

  it('says how long ago its last news were when the feed is silent, and nothing green', async () => {
    const { told, port } = await serve();
    told.tell({ seconds: 5 });
    expect((await ask(port)).body).toContain('All systems operational');
    told.nowMs += 12_000;
    const { body } = await ask(port);
    expect(body).toContain('last update 12s ago');
    expect(body).not.toMatch(/All systems operational|class="state operational"/);
    expect(body).toContain('Unknown (was: operational)');
    expect(await getJson(port, 'status.json')).toMatchObject({
      status: { indicator: 'unknown' },
      feed: { stale: true, last_update_age_ms: 12_000 },
    });
  });

  it('is not there elsewhere, nor for other methods', async () => {
    const { port } = await serve();
    expect((await ask(port, { path: '/nowhere' })).status).toBe(404);
    expect((await ask(port, { path: '/api/v2/__proto__' })).status).toBe(404);
    expect((await ask(port, { method: 'DELETE' })).status).toBe(405);
    expect((await ask(port, { method: 'HEAD' })).body).toBe('');
  });
});

describe('the JSON', () => {
  it('has the shape and the words that tools know', async () => {
    const { port } = await eventful();
    const summary = await getJson(port, 'summary.json');
    expect(summary.page).toMatchObject({ name: 'Shop' });
    expect(summary.status).toEqual({ indicator: 'critical', description: 'Major outage' });
    expect(summary.components.map(({ id, status }: { id: string; status: string }) => [id, status])).toEqual([
      ['clients', 'major_outage'],
      ['gateway', 'major_outage'],
    ]);
    expect(summary.incidents).toHaveLength(1);
    const { incidents } = await getJson(port, 'incidents.json');
    expect(incidents.map(({ status }: { status: string }) => status)).toEqual([
      'investigating',
      'postmortem',
    ]);
    expect(incidents[1]).toMatchObject({
      impact: 'critical',
      reports: { count: 1, latest: [{ ray_id: '0123456789abcdef', note: HOSTILE }] },
    });
    expect(incidents[1].incident_updates[0].status).toBe('postmortem');
    for (const { measured_at, created_at } of incidents[1].incident_updates) {
      expect(Date.parse(created_at)).toBeGreaterThanOrEqual(Date.parse(measured_at));
    }
    expect((await getJson(port, 'incidents/unresolved.json')).incidents).toHaveLength(1);
  });
});

/** What RFC 4287, sections 4.1.1 and 4.1.2, want of a feed and of each entry. */
const atomProblems = (feed: Element): string[] => {
  const problems: string[] = [];
  const one = (element: Element, name: string): Element | undefined => {
    const found = element.children.filter((child) => child.name === name);
    if (found.length !== 1) problems.push(`${element.name}: ${found.length} ${name}`);
    return found[0];
  };
  const check = (element: Element, dates: readonly string[]): void => {
    for (const name of ['id', 'title']) if (one(element, name)?.text === '') problems.push(`empty ${name}`);
    for (const name of dates) {
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(one(element, name)?.text ?? ''))
        problems.push(`bad ${name}`);
    }
    if (!/^tag:[^ ]+$/.test(one(element, 'id')?.text ?? '')) problems.push('an id that is no IRI');
  };
  if (feed.attributes.xmlns !== 'http://www.w3.org/2005/Atom') problems.push('another namespace');
  check(feed, ['updated']);
  if (one(one(feed, 'author') ?? feed, 'name') === undefined) problems.push('nobody wrote it');
  const rels = feed.children.filter(({ name }) => name === 'link').map(({ attributes }) => attributes.rel);
  if (!rels.includes('self')) problems.push('no link to itself');
  const entries = feed.children.filter(({ name }) => name === 'entry');
  for (const entry of entries) {
    check(entry, ['updated', 'published']);
    if (one(entry, 'content')?.attributes.type !== 'html') problems.push('content of another type');
  }
  const ids = entries.map((entry) => entry.children.find(({ name }) => name === 'id')?.text);
  if (new Set(ids).size !== ids.length) problems.push('two entries with one id');
  return problems;
};

describe('the feed', () => {
  it('is Atom, with an entry for each incident', async () => {
    const { port } = await eventful(HOSTILE);
    const answer = await ask(port, { path: '/history.atom' });
    expect(answer.headers['content-type']).toBe('application/atom+xml; charset=utf-8');
    const feed = parseXml(answer.body.replace(/ xml:lang="en"/, '').replaceAll('&#39;', "'"));
    expect(atomProblems(feed)).toEqual([]);
    expect(feed.children.filter(({ name }) => name === 'entry')).toHaveLength(2);
    const contents = feed.children.filter(({ name }) => name === 'entry');
    const [, old] = contents.map((entry) => entry.children.find(({ name }) => name === 'content')!.text);
    // As HTML it has its own tags, and of what was written by others none.
    expect(skeletonOf(old!).filter((tag) => !/^<\/?(p|small|br|strong)>/.test(tag))).toEqual([]);
  });
});

describe('a report', () => {
  const message = ({ body }: ClientAnswer): string => JSON.parse(body).message;

  it('is taken as a form and as JSON, and each error counts once', async () => {
    const { port, reported } = await eventful();
    expect((await report(port, { ray: '1123456789ABCDEF', note: 'x' })).status).toBe(202);
    expect((await report(port, { ray: '2123456789abcdef' }, 'application/json')).status).toBe(202);
    const again = await report(port, { ray: '1123456789abcdef' });
    expect([again.status, message(again)]).toEqual([200, expect.stringContaining('already')]);
    const [open] = (await getJson(port, 'summary.json')).incidents;
    expect(open.reports.count).toBe(2);
    expect((await ask(port)).body).toContain('2 people reported it');
    expect(reported).toEqual(['0123456789abcdef', '1123456789abcdef', '2123456789abcdef']);
  });

  it('is answered with a page when a browser sends it', async () => {
    const { port } = await serve();
    const answer = await ask(
      port,
      {
        method: 'POST',
        path: '/report',
        headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
      },
      'ray=<script>',
    );
    expect(answer.status).toBe(400);
    expect(await htmlProblems(answer.body)).toEqual([]);
  });

  it.each([
    ['no Ray ID', { note: 'x' }, 400],
    ['a Ray ID that is none', { ray: '0123456789abcdeg' }, 400],
    ['a Ray ID that is too long', { ray: '0'.repeat(17) }, 400],
  ])('with %s is refused', async (_title, fields, status) => {
    const { port } = await serve();
    expect((await report(port, fields as unknown as Record<string, string>)).status).toBe(status);
  });

  it('of another type, of broken JSON or of too many bytes is refused', async () => {
    const { port } = await serve();
    expect((await report(port, { ray: '0123456789abcdef' }, 'text/plain')).status).toBe(415);
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', path: '/report', headers };
    for (const body of ['{', 'null', '5', '[]', '{"ray":5}', '{"ray":"0123456789abcdef","note":[]}']) {
      expect((await ask(port, options, body)).status).toBe(400);
    }
    expect((await ask(port, options, `{"note":"${'x'.repeat(MAX_REPORT_BYTES)}"}`)).status).toBe(413);
  });

  it('has its text cut and freed of what nobody sees', async () => {
    const { port } = await eventful();
    await report(port, { ray: '0123456789abcdee', note: `a\u0000\u202e${'x'.repeat(1_000)}` });
    const [open] = (await getJson(port, 'summary.json')).incidents;
    expect(open.reports.latest[0].note).toBe(`a\ufffd\ufffd${'x'.repeat(277)}`);
  });

  it('comes too often from one address at some time, and is told when to come again', async () => {
    const { told, port } = await serve();
    const statuses: number[] = [];
    for (let number = 0; number < 40; number++) {
      statuses.push((await report(port, { ray: number.toString(16).padStart(16, '0') })).status);
    }
    expect(statuses.filter((status) => status === 202)).toHaveLength(30);
    const refused = await report(port, { ray: '0123456789abcdef' });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    told.nowMs += 1_000;
    expect((await report(port, { ray: '0123456789abcdef' })).status).toBe(202);
  });
});

describe('a client that says nothing', () => {
  it('does not keep others from an answer', async () => {
    const { port } = await serve();
    const silent = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
    onTestFinished(() => {
      for (const socket of silent) socket.destroy();
    });
    expect((await ask(port)).status).toBe(200);
  });
});
