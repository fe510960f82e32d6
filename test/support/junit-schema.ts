/**
 * What two XML Schemas of JUnit files ask for, as far as a report of ours has it: that of Apache Ant's reports, which is
 * strict about what must be there and in which order, and that of Jenkins' xUnit plugin, which is strict about what may.
 */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&#10;': '\n',
  '&amp;': '&',
};

const decode = (text: string): string => {
  if (/[<]|&(?!(?:lt|gt|quot|apos|amp|#10);)/.test(text)) throw new Error(`not well formed: ${text}`);
  return text.replace(/&[a-z#0-9]+;/g, (entity) => ENTITIES[entity]!);
};

const TOKEN = /<\?[^?]*\?>|<(\/?)([A-Za-z-]+)((?:\s+[A-Za-z-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

/** Reads XML without namespaces, comments and CDATA. @throws when it is not well formed. */
export const parseXml = (xml: string): Element => {
  type Open = { name: string; attributes: Record<string, string>; children: Element[]; text: string };
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open: Open[] = [root];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(xml); match !== null; match = TOKEN.exec(xml)) {
    end = TOKEN.lastIndex;
    const [, closing, name, attributes = '', empty, text] = match;
    if (text !== undefined) open.at(-1)!.text += decode(text);
    if (name === undefined) continue;
    if (closing === '/') {
      if (open.pop()!.name !== name) throw new Error(`</${name}> closes something else`);
      continue;
    }
    const pairs = [...attributes.matchAll(/([A-Za-z-]+)="([^"]*)"/g)];
    const element: Open = {
      name,
      attributes: Object.fromEntries(pairs.map(([, key, value]) => [key!, decode(value!)])),
      children: [],
      text: '',
    };
    open.at(-1)!.children.push(element);
    if (empty !== '/') open.push(element);
  }
  if (end !== xml.length || open.length !== 1 || root.children.length !== 1)
    throw new Error(`not well formed, at character ${end}`);
  return root.children[0]!;
};

interface Rule {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Names of the children one after another, as a regular expression over `name,`. */
  readonly children: RegExp;
}

const NOTHING = /^$/;
const CASE_ENDS = /^(?:(?:skipped|error|failure),)?$/;

/** Of Ant's schema, by element. */
const ANT: Readonly<Record<string, Rule>> = {
  testsuites: { required: [], optional: [], children: /^(?:testsuite,)*$/ },
  testsuite: {
    required: 'name timestamp hostname tests failures errors time package id'.split(' '),
    optional: ['skipped'],
    children: /^properties,(?:testcase,)*system-out,system-err,$/,
  },
  properties: { required: [], optional: [], children: /^(?:property,)*$/ },
  property: { required: ['name', 'value'], optional: [], children: NOTHING },
  testcase: { required: ['name', 'classname', 'time'], optional: [], children: CASE_ENDS },
  error: { required: ['type'], optional: ['message'], children: NOTHING },
  failure: { required: ['type'], optional: ['message'], children: NOTHING },
  skipped: { required: [], optional: ['message', 'type'], children: NOTHING },
  'system-out': { required: [], optional: [], children: NOTHING },
  'system-err': { required: [], optional: [], children: NOTHING },
};

/** Of the xUnit plugin's schema, where it asks for something else. */
const XUNIT: Readonly<Record<string, Rule>> = {
  ...ANT,
  testsuites: { ...ANT.testsuites!, optional: ['name', 'time', 'tests', 'failures', 'errors'] },
  testsuite: {
    required: ['name', 'tests', 'failures', 'errors'],
    optional: 'group time skipped timestamp hostname id package file log url'.split(' '),
    children: /^(?:(?:testsuite|properties|testcase|system-out|system-err),)*$/,
  },
  testcase: { required: ['name'], optional: ['time', 'classname', 'group'], children: CASE_ENDS },
};

const problemsWith = (element: Element, rules: Readonly<Record<string, Rule>>): string[] => {
  const rule = rules[element.name];
  if (rule === undefined) return [`there is no <${element.name}>`];
  const given = Object.keys(element.attributes);
  const missing = rule.required.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => ![...rule.required, ...rule.optional].includes(name));
  const order = element.children.map(({ name }) => `${name},`).join('');
  return [
    ...missing.map((name) => `<${element.name}> has no ${name}`),
    ...unknown.map((name) => `<${element.name}> may have no ${name}`),
    ...(rule.children.test(order) ? [] : [`<${element.name}> may not hold ${order}`]),
    ...element.children.flatMap((child) => problemsWith(child, rules)),
  ];
};

const WHOLE = /^\d+$/;
const DECIMAL = /^\d+\.\d+$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

const valueProblems = ({ name, attributes, children }: Element): string[] => {
  const wrong = Object.entries(attributes).filter(([key, value]) => {
    if (['tests', 'failures', 'errors', 'skipped', 'id'].includes(key)) return !WHOLE.test(value);
    if (key === 'time') return !DECIMAL.test(value);
    return key === 'timestamp' ? !MOMENT.test(value) : key === 'name' && value === '';
  });
  const cases = children.filter((child) => child.name === 'testcase');
  const ended = (how: string): string =>
    String(cases.filter((one) => one.children.some((child) => child.name === how)).length);
  const counts = { tests: String(cases.length), failures: ended('failure'), errors: ended('error') };
  const miscounted = Object.entries(counts).filter(
    ([key, count]) => name === 'testsuite' && attributes[key] !== count,
  );
  return [
    ...wrong.map(([key, value]) => `<${name}> has ${key}="${value}"`),
    ...miscounted.map(([key, count]) => `<${name}> has ${key}="${attributes[key]}", and there are ${count}`),
    ...children.flatMap(valueProblems),
  ];
};

/** Everything that a JUnit schema, or a reader who adds up, has against a file. */
export const junitProblems = (xml: string): string[] => {
  const root = parseXml(xml);
  return [...problemsWith(root, ANT), ...problemsWith(root, XUNIT), ...valueProblems(root)];
};
