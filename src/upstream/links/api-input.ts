/** Reads what clients of the HTTP API send. What is wrong is told in Toxiproxy's words, and with the field's name. */
import { isObject, type Json } from '../../core/json.js';
import { type Address, parseListen, parseUpstream } from './address.js';
import { findAttributeProblems, resolveAttributes, type WrittenAttributes } from './attributes.js';
import { STREAMS, type Stream } from './connection.js';
import type { Link, LinkToxic } from './link.js';
import { LinkError } from './link-collection.js';
import { isToxicType } from './toxics/toxics.js';

const badBody = (what: string): LinkError => new LinkError(400, `bad request body: ${what}`);

export const parseBody = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badBody((error as Error).message);
  }
};

const objectOf = (value: unknown): Json => {
  if (!isObject(value)) throw badBody(`expected an object, got ${JSON.stringify(value)}`);
  return value;
};

/** A field's own value: a key such as `__proto__` names nothing here. `null` counts as left out, as in Go. */
const fieldOf = (sent: Json, name: string): unknown =>
  Object.hasOwn(sent, name) ? (sent[name] ?? undefined) : undefined;

const textOf = (sent: Json, name: string): string | undefined => {
  const value = fieldOf(sent, name);
  if (value !== undefined && typeof value !== 'string') {
    throw badBody(`${name} must be a text, got ${JSON.stringify(value)}`);
  }
  return value;
};

const flagOf = (sent: Json, name: string): boolean | undefined => {
  const value = fieldOf(sent, name);
  if (value !== undefined && typeof value !== 'boolean') {
    throw badBody(`${name} must be true or false, got ${JSON.stringify(value)}`);
  }
  return value;
};

const addressOf = (name: string, text: string, parse: (text: string) => Address | string): Address => {
  const address = parse(text);
  if (typeof address === 'string') throw badBody(`${name} ${address}`);
  return address;
};

export interface ProxyInput {
  readonly name: string;
  readonly listen: Address;
  readonly upstream: Address;
  readonly enabled: boolean;
}

/** @param where added to the name of a missing field. */
export const readProxy = (sent: unknown, where = ''): ProxyInput => {
  const fields = objectOf(sent);
  const required = (name: string): string => {
    const text = textOf(fields, name) ?? '';
    if (text === '') throw new LinkError(400, `missing required field: ${name}${where}`);
    return text;
  };
  return {
    name: required('name'),
    upstream: addressOf('upstream', required('upstream'), parseUpstream),
    listen: addressOf('listen', textOf(fields, 'listen') ?? '', parseListen),
    enabled: flagOf(fields, 'enabled') ?? true,
  };
};

/** Everything is read before anything is done. */
export const readProxies = (sent: unknown): ProxyInput[] => {
  if (!Array.isArray(sent)) throw badBody(`expected a list of proxies, got ${JSON.stringify(sent)}`);
  const proxies = sent.map((proxy, index) => readProxy(proxy, ` at proxy ${index + 1}`));
  const names = proxies.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badBody(`proxy ${JSON.stringify(twice)} is named twice`);
  return proxies;
};

/** What is not said stays as it is. */
export const readProxyUpdate = (sent: unknown, link: Link): Omit<ProxyInput, 'name'> => {
  const fields = objectOf(sent);
  const listen = textOf(fields, 'listen');
  const upstream = textOf(fields, 'upstream');
  return {
    listen: listen === undefined ? link.listen : addressOf('listen', listen, parseListen),
    upstream: upstream === undefined ? link.upstream : addressOf('upstream', upstream, parseUpstream),
    enabled: flagOf(fields, 'enabled') ?? link.enabled,
  };
};

const toxicityOf = (fields: Json, otherwise: number): number => {
  const value = fieldOf(fields, 'toxicity') ?? otherwise;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw badBody(`toxicity must be a number from 0 to 1, got ${JSON.stringify(value)}`);
};

const attributesOf = (fields: Json): WrittenAttributes => {
  const value = fieldOf(fields, 'attributes') ?? {};
  if (!isObject(value)) throw badBody(`attributes must be an object, got ${JSON.stringify(value)}`);
  return value;
};

const checked = (toxic: LinkToxic, written: WrittenAttributes): LinkToxic => {
  const [problem] = findAttributeProblems(toxic.type, written, { complete: false });
  if (problem !== undefined) {
    const field = problem.key === '' ? '' : `attributes.${problem.key} `;
    throw badBody(`${field}${problem.message}`);
  }
  if (toxic.type === 'black-hole' && toxic.toxicity !== 1) {
    throw badBody('toxicity must be 1 for black-hole: a port that answers nobody cannot answer some');
  }
  return { ...toxic, attributes: resolveAttributes(toxic.type, written) };
};

const isStream = (name: string): name is Stream => STREAMS.includes(name as Stream);

export const readToxic = (sent: unknown): LinkToxic => {
  const fields = objectOf(sent);
  const stream = textOf(fields, 'stream') ?? 'downstream';
  if (!isStream(stream)) {
    throw new LinkError(400, 'stream was invalid, can be either upstream or downstream');
  }
  const type = textOf(fields, 'type') ?? '';
  if (!isToxicType(type)) throw new LinkError(400, 'invalid toxic type');
  const name = textOf(fields, 'name') || `${type}_${stream}`;
  const toxicity = toxicityOf(fields, 1);
  return checked({ name, type, stream, toxicity, attributes: {} }, attributesOf(fields));
};

/** Attributes that are not named stay as they are, and so does everything but them and the toxicity. */
export const readToxicUpdate = (sent: unknown, toxic: LinkToxic): LinkToxic => {
  const fields = objectOf(sent);
  const toxicity = toxicityOf(fields, toxic.toxicity);
  return checked({ ...toxic, toxicity }, { ...toxic.attributes, ...attributesOf(fields) });
};
