/** Conditions: ACLs by name and in braces, and what of them the section can say. */
import { parseNetwork } from '../../../../gateway/config/networks.js';
import type { Directive } from './document.js';

/** One comparison of an ACL. */
interface Test {
  /** What is looked at, such as `path` or `req.hdr(host)`. */
  readonly sample: string;
  /** How, such as `beg`; '' for the sample's own way. */
  readonly method: string;
  readonly ignoreCase: boolean;
  readonly values: readonly string[];
}

/** What a request has to be; all of it has to hold. */
export interface Matcher {
  /** One of these, by whole segments; none: any. */
  readonly paths: readonly string[];
  readonly methods: readonly string[] | null;
  readonly pattern: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly clients: readonly string[];
  readonly ignoreCase: boolean;
  /** How it differs from what the config says; `null`: it does not. */
  readonly nearly: string | null;
}

const ANYTHING: Matcher = {
  ...{ paths: [], methods: null, pattern: null, headers: {}, clients: [] },
  ...{ ignoreCase: false, nearly: null },
};

/** `path_beg` is `path -m beg`. */
const SUFFIX = /^(path|url|hdr|req\.hdr|req\.fhdr|method)_(beg|end|reg|sub|str|dir|dom)\b/;

const readTest = (words: readonly string[]): Test => {
  const [criterion = '', ...rest] = words;
  const [, base, suffix] = SUFFIX.exec(criterion) ?? [];
  const sample =
    base === undefined ? criterion : `${base}${criterion.slice(base.length + suffix!.length + 1)}`;
  let method = suffix ?? '';
  let ignoreCase = false;
  while (rest[0]?.startsWith('-')) {
    const flag = rest.shift();
    if (flag === '--') break;
    if (flag === '-i') ignoreCase = true;
    else if (flag === '-m') method = rest.shift() ?? '';
    else return { sample: `${sample} ${flag}`, method, ignoreCase, values: rest };
  }
  return { sample, method, ignoreCase, values: rest };
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A comparison as a regular expression. */
const PATTERNS: Readonly<Record<string, (value: string) => string>> = {
  reg: (value) => value,
  str: (value) => `^${escaped(value)}$`,
  beg: (value) => `^${escaped(value)}`,
  end: (value) => `${escaped(value)}$`,
  sub: escaped,
};

const anyOf = (patterns: readonly string[]): string =>
  patterns.length === 1 ? patterns[0]! : patterns.map((pattern) => `(?:${pattern})`).join('|');

const byPath = (tests: readonly Test[]): Matcher | null => {
  const of = (method: string): string[] =>
    tests.filter((test) => (test.method || 'str') === method).flatMap(({ values }) => values);
  const [same, begins] = [of('str'), of('beg')];
  if (same.length + begins.length !== tests.flatMap(({ values }) => values).length) return null;
  if (tests.some(({ ignoreCase }) => ignoreCase)) return null;
  let nearly: string | null = null;
  const paths = begins.map((value) => {
    const without = value.slice(0, -1);
    if (value.endsWith('/')) return same.includes(without) ? without : value;
    nearly = `paths below ${value}, by whole segments`;
    return value;
  });
  for (const value of same) {
    if (paths.includes(value)) continue;
    paths.push(value);
    nearly = `${value} and what is below it`;
  }
  return paths.some((path) => !path.startsWith('/')) ? null : { ...ANYTHING, paths, nearly };
};

/** Whether JavaScript reads it too. */
const isPattern = (pattern: string): boolean => {
  try {
    new RegExp(pattern);
    return pattern !== '';
  } catch {
    return false;
  }
};

const byPattern = (tests: readonly Test[]): Matcher | null => {
  const patterns: string[] = [];
  for (const { method, values } of tests) {
    const make = PATTERNS[method || 'str'];
    if (make === undefined) return null;
    patterns.push(...values.map(make));
  }
  if (!patterns.every(isPattern)) return null;
  const ignoreCase = tests.some((test) => test.ignoreCase);
  const whole = tests.every(({ sample }) => sample === 'pathq' || sample === 'url');
  const nearly = whole ? null : 'looked for in path and query';
  return { ...ANYTHING, pattern: anyOf(patterns), ignoreCase, nearly };
};

const FIELD = /^(?:req\.)?f?hdr\(([A-Za-z0-9_.-]+)(?:,-?\d+)?\)$/;

const byHeader = (tests: readonly Test[]): Matcher | null => {
  const names = new Set(tests.map(({ sample }) => FIELD.exec(sample)?.[1]?.toLowerCase()));
  const [name] = names;
  if (names.size !== 1 || name === undefined) return null;
  const found = byPattern(tests);
  return found && { ...ANYTHING, headers: { [name]: found.pattern! }, ignoreCase: found.ignoreCase };
};

/** A field that is not there is empty to the section, so that what fits nothing needs no words of its own. */
const isAbsence = ({ sample, values }: Test): boolean =>
  /^req\.fhdr_cnt\(/.test(sample) && values.join(' ') === 'eq 0';

/** @param tests of which one has to hold. @returns `null`: the section cannot say it. */
const matcherOf = (tests: readonly Test[]): Matcher | null => {
  const samples = new Set(tests.map(({ sample }) => sample));
  const [sample = ''] = samples;
  if (samples.size === 1) {
    const values = tests.flatMap((test) => test.values);
    if (sample === 'path') return byPath(tests) ?? byPattern(tests);
    if (sample === 'pathq' || sample === 'url') return byPattern(tests);
    if (sample === 'method')
      return values.every((name) => /^[A-Z-]+$/.test(name)) ? { ...ANYTHING, methods: values } : null;
    if (sample === 'src')
      return values.every((text) => parseNetwork(text) !== null) ? { ...ANYTHING, clients: values } : null;
    const builtIn = BUILT_IN[sample];
    if (builtIn !== undefined) return builtIn;
  }
  return byHeader(tests.filter((test) => !isAbsence(test)));
};

/** ACLs that HAProxy has by itself. */
const BUILT_IN: Readonly<Record<string, Matcher>> = {
  TRUE: ANYTHING,
  always_true: ANYTHING,
  METH_GET: { ...ANYTHING, methods: ['GET', 'HEAD'] },
  METH_POST: { ...ANYTHING, methods: ['POST'] },
  METH_PUT: { ...ANYTHING, methods: ['PUT'] },
  METH_DELETE: { ...ANYTHING, methods: ['DELETE'] },
  METH_HEAD: { ...ANYTHING, methods: ['HEAD'] },
  METH_OPTIONS: { ...ANYTHING, methods: ['OPTIONS'] },
  METH_TRACE: { ...ANYTHING, methods: ['TRACE'] },
};

const both = (left: Matcher, right: Matcher): Matcher | null => {
  if (left.paths.length > 0 && right.paths.length > 0) return null;
  if (left.pattern !== null && right.pattern !== null) return null;
  if (left.methods !== null && right.methods !== null) return null;
  if (left.clients.length > 0 && right.clients.length > 0) return null;
  return {
    paths: [...left.paths, ...right.paths],
    methods: left.methods ?? right.methods,
    pattern: left.pattern ?? right.pattern,
    headers: { ...left.headers, ...right.headers },
    clients: [...left.clients, ...right.clients],
    ignoreCase: left.ignoreCase || right.ignoreCase,
    nearly: left.nearly ?? right.nearly,
  };
};

/** `acl` lines by their name. */
export class Acls {
  readonly #byName = new Map<string, Directive[]>();

  constructor(directives: readonly Directive[]) {
    for (const directive of directives) {
      const [first, name = ''] = directive.words;
      if (first !== 'acl') continue;
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), directive]);
    }
  }

  /** The lines that a condition names. */
  linesOf(words: readonly string[]): Directive[] {
    return words.flatMap((word) => this.#byName.get(word.replace(/^!/, '')) ?? []);
  }

  #term(word: string): Matcher | null {
    const lines = this.#byName.get(word);
    if (lines === undefined) return BUILT_IN[word] ?? null;
    return matcherOf(lines.map(({ words }) => readTest(words.slice(2))));
  }

  /**
   * @param words of a condition, after its `if`.
   * @param known conditions in braces that mean nothing here, such as `var(txn.let_in) -m bool`.
   * @returns of which one has to hold; `null`: the section cannot say it.
   */
  read(words: readonly string[], known: ReadonlySet<string> = new Set()): Matcher[] | null {
    const found: Matcher[] = [];
    let own: Matcher | null = ANYTHING;
    for (let index = 0; index < words.length; index++) {
      const word = words[index]!;
      if (word === 'or' || word === '||') {
        if (own === null) return null;
        found.push(own);
        own = ANYTHING;
        continue;
      }
      let term: Matcher | null;
      if (word === '{' || word === '!{') {
        const end = words.indexOf('}', index);
        if (end === -1) return null;
        const inner = words.slice(index + 1, end);
        index = end;
        if (known.has(inner.join(' '))) continue;
        term = word === '{' ? matcherOf([readTest(inner)]) : null;
      } else {
        term = this.#term(word);
      }
      own = own && term && both(own, term);
      if (own === null) return null;
    }
    return [...found, own];
  }
}

/** Cuts `… if CONDITION` in two. @returns `null` for the condition where there is none. */
export const cutCondition = (
  words: readonly string[],
): {
  readonly action: readonly string[];
  readonly sign: 'if' | 'unless' | null;
  readonly condition: string[];
} => {
  const at = words.findIndex((word) => word === 'if' || word === 'unless');
  if (at === -1) return { action: words, sign: null, condition: [] };
  return { action: words.slice(0, at), sign: words[at] as 'if' | 'unless', condition: words.slice(at + 1) };
};
