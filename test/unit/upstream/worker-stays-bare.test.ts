/**
 * What a worker loads before it serves: our own files, `node:` and the random generator. Schemas alone (typebox) would
 * cost each worker 3 MiB of heap and 18 MiB of memory; the policies that call dependencies are loaded where there are any.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = new URL('../../../src/', import.meta.url).pathname;

/** Of an import or export that is not of types alone. */
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:(\{[^}]*\}|[^;'"{]*?)\s+from\s+)?'([^']+)'/gm;

const isOfTypes = (names: string | undefined): boolean =>
  names?.startsWith('{') === true &&
  names
    .slice(1, -1)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .every((name) => name.startsWith('type '));

const importsOf = (file: string): string[] =>
  [...readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)]
    .filter(([, names]) => !isOfTypes(names))
    .map(([, , specifier]) => specifier!);

const loadedFrom = (entry: string): { readonly files: string[]; readonly packages: string[] } => {
  const files = new Set([entry]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) {
        files.add(normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts'));
      } else if (!specifier.startsWith('node:')) packages.add(specifier.split('/')[0]!);
    }
  }
  return { files: [...files], packages: [...packages] };
};

describe('a worker', () => {
  const { files, packages } = loadedFrom('upstream/worker.ts');

  it('loads no package but the random generator', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(packages).toEqual(['pure-rand']);
  });

  it('loads no policy, unless it has dependencies', () => {
    expect(files.filter((file) => file.startsWith('policies/'))).toEqual([]);
    expect(loadedFrom('upstream/dependencies/client.ts').packages.sort()).toEqual(['opossum', 'p-queue']);
  });

  it('loads none of what reads scenarios, in a dependency either', () => {
    const dependency = loadedFrom('upstream/dependencies/dependency.ts');
    expect(dependency.packages).toEqual(['pure-rand']);
    for (const schema of ['core/schema.ts', 'upstream/config.ts', 'upstream/faults/options.ts']) {
      expect([...files, ...dependency.files]).not.toContain(schema);
    }
  });
});
