/** `--workers-at` and an address as `--target`: what is taken, and what is refused before anything starts. */
import { describe, expect, it } from 'vitest';
import { chooseTargets } from '../../../src/cli/targets.js';
import { checkWorkersAt, parseWorkersAt } from '../../../src/cli/workers-at.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { placeVariants } from '../../../src/scenarios/targets/place.js';

const ORIGIN = 'http://127.0.0.1:8080';

const HEAD = 'version: 1\nname: x\ntitle: x\nload: { stages: [{ rate: 1/s, for: 1m }] }\n';
const WORKERS = 'fleet: { workers: 2, maxWorkers: 3 }\n';
const OWN = 'fleet: { upstreams: [http://127.0.0.1:3000] }\n';
const TOXIC = 'timeline: [{ at: 1s, toxic: down, on: worker-1 }]\n';

const placed = (text: string, workersAt: readonly number[] = []) =>
  placeVariants(parseScenario(HEAD + text, 'x.yaml').variants, [{ kind: 'url', origin: ORIGIN, workersAt }]);

const checked = (text: string, workersAt: readonly number[]): void =>
  checkWorkersAt(placed(text, workersAt).variants);

describe('--workers-at', () => {
  it.each([
    [undefined, []],
    [9001, [9001]],
    ['9001,9002', [9001, 9002]],
    ['127.0.0.1:9001, localhost:9002', [9001, 9002]],
    [
      ['9001', 9002],
      [9001, 9002],
    ],
  ])('takes %j', (flag, ports) => {
    expect(parseWorkersAt(flag)).toEqual(ports);
  });

  it.each([
    ['', 'takes ports, such as 9001,9002'],
    ['9001,', 'got ""'],
    ['0', 'got "0"'],
    ['65536', 'got "65536"'],
    ['http://127.0.0.1:9001', 'workers listen on 127.0.0.1 and nowhere else'],
    ['10.0.0.7:9001', 'workers listen on 127.0.0.1 and nowhere else'],
    ['9001,9001', 'names 9001 twice'],
  ])('refuses %j', (flag, message) => {
    expect(() => parseWorkersAt(flag)).toThrow(message);
  });

  it.each([
    ['as many as there are places', WORKERS, [1, 2, 3]],
    ['more than there are', WORKERS, [1, 2, 3, 4]],
    ['none, for upstreams that listen already', OWN, []],
    ['one for the link before such an upstream', OWN + TOXIC, [1]],
  ])('may be %s', (_what, text, ports) => {
    expect(() => checked(text, ports)).not.toThrow();
  });

  it.each([
    ['missing', WORKERS, [], 'needs --workers-at with 3 ports, where that gateway looks for them'],
    ['too few', WORKERS, [1, 2], 'names 2 of 3 ports: variant default has 3 workers, worker-1 to worker-3'],
    ['too few for links', WORKERS + TOXIC, [1, 2], 'has 3 links before its workers'],
    ['missing for links', OWN + TOXIC, [], 'needs --workers-at with 1 ports'],
    ['for upstreams that listen already', OWN, [1], 'the upstreams of variant default are your own'],
  ])('is refused when %s', (_what, text, ports, message) => {
    expect(() => checked(text, ports)).toThrow(message);
  });

  describe('and a gateway on another machine', () => {
    const there = (text: string, origin = 'http://192.0.2.1:8080'): void =>
      checkWorkersAt(
        placeVariants(parseScenario(HEAD + text, 'x.yaml').variants, [
          { kind: 'url', origin, workersAt: [1, 2, 3] },
        ]).variants,
      );

    it('do not go together: it cannot find workers or links of this one', () => {
      const message =
        'is another machine, and the workers of variant default listen on 127.0.0.1 of this one';
      expect(() => there(WORKERS)).toThrow(message);
      expect(() => there(OWN + TOXIC)).toThrow('and the links before its workers of variant default');
    });

    it.each(['http://127.0.0.1:80', 'http://localhost:80', 'http://[::1]:80'])('is not %s', (origin) => {
      expect(() => there(WORKERS, origin)).not.toThrow();
    });

    it('is asked where the upstreams are its own', () => {
      const variants = placed(OWN).variants.map((variant) => ({
        ...variant,
        target: { kind: 'url' as const, origin: 'http://192.0.2.1', workersAt: [] },
      }));
      expect(() => checkWorkersAt(variants)).not.toThrow();
    });
  });

  it('means nothing without an address', async () => {
    await expect(chooseTargets({ workersAt: '9001' }, 'real')).rejects.toThrow(
      'give its address as --target',
    );
  });
});

describe('an address as --target', () => {
  it('is a gateway that runs already', async () => {
    const flags = { target: 'direct,http://127.0.0.1:8080/', workersAt: '9001' };
    expect((await chooseTargets(flags, 'real')).targets).toEqual([
      { kind: 'direct' },
      { kind: 'url', origin: ORIGIN, workersAt: [9001] },
    ]);
  });

  it('may be on another machine where that is said', async () => {
    const flags = { target: 'http://192.0.2.1', workersAt: '9001' };
    await expect(chooseTargets(flags, 'real')).rejects.toThrow('say so with --remote');
    const { targets } = await chooseTargets({ ...flags, remote: true }, 'real');
    expect(targets).toMatchObject([{ origin: 'http://192.0.2.1' }]);
  });

  it.each([
    ['http://127.0.0.1:8080/shop', 'leave the path out'],
    ['http://me@127.0.0.1:8080', 'leave user and password out'],
    ['https://127.0.0.1:8080', 'expected an address such as http://127.0.0.1:3000'],
    ['http://', 'expected an address'],
    ['127.0.0.1:8080', 'there is no such target'],
    ['http://127.0.0.1:8080,http://127.0.0.1:8080', 'names http://127.0.0.1:8080 twice'],
  ])('is refused: %s', async (target, message) => {
    await expect(chooseTargets({ target }, 'real')).rejects.toThrow(message);
  });

  it('is nothing for virtual time', async () => {
    await expect(chooseTargets({ target: ORIGIN }, 'virtual')).rejects.toThrow('--engine virtual knows');
  });

  it.each([
    ['push-config: { retry: {} }, to: gateway', 'timeline.push-config'],
    ['rollback-config: {}, to: gateway', 'timeline.rollback-config'],
    ['disrupt: kill, on: gateway-1', 'timeline.disrupt'],
    ['purge-cache: {}', 'timeline.purge-cache'],
    ['deploy: { version: 2, strategy: blue-green }', 'timeline.deploy'],
    ['dns: nxdomain, on: worker-1', 'timeline.names'],
  ])('leaves out a variant with { %s }', (entry, path) => {
    const more = `names: { ttl: 1s }\ngateway: { cache: {} }\ntimeline: [{ at: 1s, ${entry} }]\n`;
    const fleet = 'fleet: { workers: 2, maxWorkers: 4 }\n';
    const text = entry.startsWith('dns') ? more : more.replace('names: { ttl: 1s }\n', '');
    const { variants, skipped } = placed(fleet + text, [1, 2, 3, 4]);
    expect(variants).toEqual([]);
    expect(skipped[0]!.needed.map((loss) => loss.path.join('.'))).toContain(path);
  });

  it('says of what it runs all the same who is not told of drains', () => {
    const { variants } = placed(
      'fleet: { workers: 2, maxWorkers: 3, readiness: {}, recycle: { at: 70% } }\n' +
        'timeline: [{ at: 1s, deploy: { version: 2, drain: 1s } }]\n',
    );
    const told = variants[0]!.losses.map(({ path, degree }) => `${path.join('.')} ${degree}`);
    expect(told).toEqual([
      'fleet.maxWorkers otherwise',
      'fleet.readiness otherwise',
      'fleet.recycle otherwise',
      'timeline.deploy otherwise',
    ]);
  });
});
