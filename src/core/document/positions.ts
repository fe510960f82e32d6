/** Where in a YAML text something stands, by its path: lines and columns for messages. */
import { isMap, isNode, isPair, isScalar, type LineCounter, type Node, type Pair } from 'yaml';

/** Keys and indexes from the top. */
export type Path = readonly (string | number)[];

/** A path as people write it: `fleet.memory.heapLimit`, `timeline[2].at`. */
export const dotted = (path: Path): string =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );

/** Finds places in the text. */
export class Positions {
  readonly #root: Node | null;
  readonly #lines: LineCounter;

  constructor(root: Node | null, lines: LineCounter) {
    this.#root = root;
    this.#lines = lines;
  }

  at(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** The place of a value, or of the nearest thing around it that is written down. */
  of(path: Path, textColumn = 1): { line: number; column: number; exact: boolean } {
    let node: unknown = this.#root;
    let offset = 0;
    let exact = true;
    for (const key of path) {
      const found = this.#child(node, key);
      if (found === undefined) {
        exact = false;
        break;
      }
      offset = found.offset;
      node = found.node;
    }
    if (exact && isNode(node) && node.range) offset = node.range[0];
    if (exact && isScalar(node)) {
      if (node.type === 'PLAIN') offset += textColumn - 1;
      else if (node.type?.startsWith('QUOTE') && textColumn > 1) offset += textColumn;
    }
    return { ...this.at(offset), exact };
  }

  /** The place of a key, for a key that should not be there. */
  ofKey(path: Path): { line: number; column: number; exact: boolean } {
    const parent = this.#resolve(path.slice(0, -1));
    const found = this.#child(parent, path.at(-1)!);
    return found === undefined
      ? { ...this.of(path), exact: false }
      : { ...this.at(found.offset), exact: true };
  }

  #resolve(path: Path): unknown {
    return path.reduce<unknown>((node, key) => this.#child(node, key)?.node, this.#root);
  }

  #child(node: unknown, key: string | number): { node: unknown; offset: number } | undefined {
    if (isMap(node)) {
      const pair = node.items.find(
        (item): item is Pair<Node, Node> =>
          isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
      );
      return pair && { node: pair.value, offset: pair.key.range?.[0] ?? 0 };
    }
    const items = (node as { items?: unknown[] } | null)?.items;
    const item = items?.[Number(key)];
    return isNode(item) ? { node: item, offset: item.range?.[0] ?? 0 } : undefined;
  }
}
