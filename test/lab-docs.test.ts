/** docs/lab.md: its tables are the routes that there are. */
import { readFileSync } from 'node:fs';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { UNIT_KEYWORD } from '../src/core/schema.js';
import { serveControl } from '../src/scenarios/control/control.js';
import { serveLearning } from '../src/scenarios/live/learn-api.js';
import type { Learning } from '../src/scenarios/live/learning.js';
import { type Host, serveOwn } from '../src/scenarios/live/live-api.js';
import type { Stage } from '../src/scenarios/timeline/perform.js';

const text = readFileSync(new URL('../docs/lab.md', import.meta.url), 'utf8');

/** `GET /workers`, of the tables below a heading. */
const documented = (heading: string): string[] => {
  const section = text.slice(text.indexOf(`### ${heading}`));
  const end = section.indexOf('\n##', 4);
  return [...section.slice(0, end).matchAll(/^\| `([A-Z]+ [^`]+)` \|/gm)].map((match) => match[1]!).sort();
};

const routesOf = async (serve: (app: FastifyInstance) => void): Promise<string[]> => {
  const app = Fastify({ ajv: { customOptions: { keywords: [UNIT_KEYWORD] } } });
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one} ${url}`);
  });
  serve(app);
  await app.ready();
  await app.close();
  return routes.sort();
};

describe('docs/lab.md', () => {
  it('has every route that needs nothing to run, and no others', async () => {
    const host = { state: { state: 'idle', scenario: null }, result: null } as unknown as Host;
    expect(documented('What runs')).toEqual(await routesOf((app) => serveOwn(app, host, async () => [])));
  });

  it('has every route of lessons and challenges, and no others', async () => {
    const learning = {} as Learning;
    expect(documented('Lessons and challenges')).toEqual(
      await routesOf((app) => serveLearning(app, learning)),
    );
  });

  it('has every route of a run, and no others', async () => {
    const fleet = { status: () => [] };
    const stage = { world: { fleet, scope: { workers: [] } }, delivery: {} } as unknown as Stage;
    expect(documented('While something runs')).toEqual(await routesOf((app) => serveControl(app, stage)));
  });
});
