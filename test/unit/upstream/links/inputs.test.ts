/** What clients of the links' HTTP API may send, and what they are told of it. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { formatAddress, parseListen, parseUpstream } from '../../../../src/upstream/links/address.js';
import {
  parseBody,
  readProxies,
  readProxy,
  readProxyUpdate,
  readToxic,
  readToxicUpdate,
} from '../../../../src/upstream/links/api-input.js';
import { Link, type LinkToxic } from '../../../../src/upstream/links/link.js';
import { LinkError } from '../../../../src/upstream/links/link-collection.js';

const refused = (read: () => unknown): { status: number; message: string } => {
  try {
    read();
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    return { status: error.status, message: error.message };
  }
  throw new Error('it was taken');
};

describe('an address', () => {
  it.each([
    ['127.0.0.1:8474', '127.0.0.1:8474'],
    ['localhost:0', '127.0.0.1:0'],
    [':9000', '127.0.0.1:9000'],
    ['', '127.0.0.1:0'],
    ['[::1]:80', '[::1]:80'],
    ['127.0.0.9:1', '127.0.0.9:1'],
  ])('to listen on, written %j, is %s', (text, address) => {
    const parsed = parseListen(text);
    expect(typeof parsed === 'string' ? parsed : formatAddress(parsed)).toBe(address);
  });

  it.each([
    ['0.0.0.0:80', "an address of this machine's own, such as 127.0.0.1:80"],
    ['192.0.2.1:80', "an address of this machine's own"],
    ['[::]:80', "an address of this machine's own"],
    ['127.0.0.1', 'must be HOST:PORT'],
    ['127.0.0.1:65536', 'must be HOST:PORT'],
    ['http://127.0.0.1:80', 'must be HOST:PORT'],
  ])('to listen on, written %j, is refused: %s', (text, message) => {
    expect(parseListen(text)).toContain(message);
  });

  it.each(['example.org:443', 'db_1:5432', '127.0.0.1:1', '[2001:db8::1]:80'])(
    'of an upstream may be %s',
    (text) => {
      expect(typeof parseUpstream(text)).toBe('object');
    },
  );

  it.each(['example.org', 'example.org:0', '', 'a b:1'])('of an upstream may not be %j', (text) => {
    expect(parseUpstream(text)).toContain('must be HOST:PORT such as 127.0.0.1:8080');
  });
});

describe('a proxy', () => {
  it('is enabled and on any free port, unless it says otherwise', () => {
    expect(readProxy({ name: 'redis', upstream: '127.0.0.1:6379' })).toEqual({
      name: 'redis',
      upstream: { host: '127.0.0.1', port: 6379 },
      listen: { host: '127.0.0.1', port: 0 },
      enabled: true,
    });
  });

  it.each([
    [{ upstream: 'a:1' }, 'missing required field: name'],
    [{ name: '', upstream: 'a:1' }, 'missing required field: name'],
    [{ name: 'a' }, 'missing required field: upstream'],
    [{ name: 5, upstream: 'a:1' }, 'bad request body: name must be a text, got 5'],
    [
      { name: 'a', upstream: 'a:1', enabled: 'yes' },
      'bad request body: enabled must be true or false, got "yes"',
    ],
    [{ name: 'a', upstream: 'a' }, 'bad request body: upstream must be HOST:PORT'],
    [
      { name: 'a', upstream: 'a:1', listen: '0.0.0.0:1' },
      'bad request body: listen must be an address of this',
    ],
    [[], 'bad request body: expected an object, got []'],
    [null, 'bad request body: expected an object, got null'],
    [JSON.parse('{"__proto__":{"name":"a","upstream":"a:1"}}'), 'missing required field: name'],
  ])('sent as %j is refused: %s', (sent, message) => {
    const answer = refused(() => readProxy(sent));
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
  });

  it('may be called like anything that objects have by themselves', () => {
    expect(readProxy({ name: '__proto__', upstream: 'a:1' }).name).toBe('__proto__');
  });

  it('in a list is named in what is wrong with it', () => {
    const good = { name: 'a', upstream: 'a:1' };
    expect(refused(() => readProxies([good, { name: 'b' }])).message).toBe(
      'missing required field: upstream at proxy 2',
    );
    expect(refused(() => readProxies([good, good])).message).toContain('proxy "a" is named twice');
    expect(refused(() => readProxies({})).message).toContain('expected a list of proxies, got {}');
  });

  it('keeps what an update does not name', () => {
    const link = new Link({
      name: 'a',
      listen: { host: '127.0.0.1', port: 7 },
      upstream: { host: 'b', port: 8 },
      clock: new VirtualClock(),
      random: new Random(1),
    });
    const { listen, upstream } = link;
    expect(readProxyUpdate({}, link)).toEqual({ listen, upstream, enabled: false });
    expect(readProxyUpdate({ enabled: true }, link)).toEqual({ listen, upstream, enabled: true });
  });
});

describe('a toxic', () => {
  it('is called after its type and stream, is on the answers, and meets every connection', () => {
    expect(readToxic({ type: 'latency', attributes: { latency: 5 } })).toEqual({
      name: 'latency_downstream',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
      attributes: { latency: 5, jitter: 0 },
    });
  });

  it.each([
    [{ type: 'latencyy' }, 'invalid toxic type'],
    [{ type: '__proto__' }, 'invalid toxic type'],
    [{ type: 'constructor' }, 'invalid toxic type'],
    [{}, 'invalid toxic type'],
    [{ type: 'down' }, 'invalid toxic type'],
    [{ type: 'latency', stream: 'sideways' }, 'stream was invalid, can be either upstream or downstream'],
    [{ type: 'latency', toxicity: 1.5 }, 'bad request body: toxicity must be a number from 0 to 1, got 1.5'],
    [{ type: 'latency', toxicity: '1' }, 'bad request body: toxicity must be a number from 0 to 1, got "1"'],
    [{ type: 'latency', attributes: [] }, 'bad request body: attributes must be an object, got []'],
    [
      { type: 'latency', attributes: { latency: -1 } },
      'bad request body: attributes.latency must be a whole number (ms) from 0 to 2147483647, got -1',
    ],
    [{ type: 'latency', attributes: { latency: '5ms' } }, 'attributes.latency must be a whole number (ms)'],
    [{ type: 'latency', attributes: { latency: 2 ** 31 } }, 'attributes.latency must be a whole number (ms)'],
    [
      { type: 'latency', attributes: { delay: 5 } },
      'bad request body: attributes.delay is not an attribute of latency; it has latency, jitter',
    ],
    [
      { type: 'latency', attributes: JSON.parse('{"__proto__":1}') },
      'attributes.__proto__ is not an attribute of latency',
    ],
    [{ type: 'slicer' }, 'bad request body: slicer needs average_size (bytes)'],
    [
      { type: 'slicer', attributes: { average_size: 5, size_variation: 5 } },
      'attributes.size_variation must be less than average_size, which is 5',
    ],
    [{ type: 'black-hole', toxicity: 0.5 }, 'toxicity must be 1 for black-hole'],
  ])('sent as %j is refused: %s', (sent, message) => {
    const answer = refused(() => readToxic(sent));
    expect(answer.status).toBe(400);
    expect(answer.message).toContain(message);
  });

  const TOXIC: LinkToxic = {
    name: 'slow',
    type: 'latency',
    stream: 'upstream',
    toxicity: 0.5,
    attributes: { latency: 100, jitter: 10 },
  };

  it('keeps what an update does not name, and its name, type and stream in any case', () => {
    const sent = { name: 'other', type: 'timeout', stream: 'downstream', attributes: { latency: 7 } };
    expect(readToxicUpdate(sent, TOXIC)).toEqual({ ...TOXIC, attributes: { latency: 7, jitter: 10 } });
    expect(readToxicUpdate({ toxicity: 1 }, TOXIC)).toEqual({ ...TOXIC, toxicity: 1 });
  });

  it('is checked again with what an update changes', () => {
    expect(refused(() => readToxicUpdate({ attributes: { jitter: -1 } }, TOXIC)).message).toContain(
      'attributes.jitter',
    );
  });
});

it('a body that is no JSON is refused with 400', () => {
  expect(refused(() => parseBody('{')).message).toContain('bad request body: ');
  expect(refused(() => parseBody('')).status).toBe(400);
});
