/** Pages of `docs/` with a part that is measured: between two markers, of which nothing else is changed. */
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * @param name of the part, which stands between `<!-- name: begin -->` and `<!-- name: end -->`.
 * @throws when the markers are not there, once each and in this order.
 */
export const replacePart = (page: string, name: string, markdown: string): string => {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before, rest, ...more] = page.split(begin);
  const [old, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || old === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`one ${begin} and one ${end} after it are wanted`);
  return `${before}${begin}\n\n${markdown.trim()}\n\n${end}${after}`;
};

/** @throws when the page cannot be read or written, or has no such part. */
export const writePart = (page: URL, name: string, markdown: string): void => {
  writeFileSync(page, replacePart(readFileSync(page, 'utf8'), name, markdown));
};
