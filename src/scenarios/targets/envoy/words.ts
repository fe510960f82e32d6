/** How Envoy's API writes things in YAML, and the YAML itself. */
import { Document, isMap, isScalar, type Pair, visit } from 'yaml';
import type { Losses } from '../loss-list.js';
import type { ProxySite, ProxyState } from '../target.js';

export type Value = string | number | boolean | readonly Value[] | Fields;

export interface Fields {
  readonly [key: string]: Value | undefined;
}

export interface Parts {
  readonly state: ProxyState;
  readonly site: ProxySite;
  readonly losses: Losses;
  /** A comment before the next key, where somebody reads it. */
  readonly note: (text: string) => Fields;
}

/** A protobuf duration; none is shorter than a microsecond. */
export const duration = (ms: number): string => `${Number((Math.max(ms, 0.001) / 1_000).toFixed(6))}s`;

const MAX_UINT32 = 2 ** 32 - 1;

/** Envoy's counters have 32 bits. */
export const count = (value: number): number => Math.max(0, Math.min(MAX_UINT32, Math.round(value)));

/** From 0 to 100. */
export const percent = (ratio: number): number =>
  Math.max(0, Math.min(100, Number((ratio * 100).toFixed(6))));

export const wholePercent = (ratio: number): number => Math.round(percent(ratio));

const API = 'type.googleapis.com/';

/** A message with its type, as extensions have them. */
export const typed = (type: string, fields: Fields = {}): Fields => ({ '@type': `${API}${type}`, ...fields });

export const extension = (name: string, type: string, fields: Fields = {}): Fields => ({
  name,
  typed_config: typed(type, fields),
});

/** Keys that begin with it are comments before the key that comes next. */
const COMMENT = '#';

export const commented = (text: string): Fields => ({ [`${COMMENT}${text}`]: '' });

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : '');

/** One document, with its comments in their places. */
export const yamlOf = (fields: Fields): string => {
  const document = new Document(fields, { aliasDuplicateObjects: false });
  visit(document, {
    Map: (_key, map) => {
      let comments: string[] = [];
      map.items = map.items.filter((pair) => {
        const key = keyOf(pair);
        if (key.startsWith(COMMENT)) {
          comments.push(` ${key.slice(COMMENT.length).replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ')}`);
          return false;
        }
        if (comments.length > 0 && isScalar(pair.key)) pair.key.commentBefore = comments.join('\n');
        comments = [];
        return true;
      });
    },
  });
  if (!isMap(document.contents)) return '';
  return document.toString({ lineWidth: 0 });
};
