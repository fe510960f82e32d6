/**
 * What a control does, as data: a request to the API. The same data is sent, and shown as the command and the entry of a
 * timeline that do the same, so that what is shown is what was done.
 */

export interface Order {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Below the API's address. */
  readonly path: string;
  /** Left out: an empty one. The API takes orders as JSON alone, so that no form of another site can give one. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** The entry of a timeline that does the same, where it is not the body itself. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Said in words when it was done. */
  readonly said: string;
}

/** An entry of a timeline, to happen now. */
export const entryOrder = (entry: Readonly<Record<string, unknown>>, said: string): Order => ({
  method: 'POST',
  path: 'timeline',
  body: entry,
  said,
});

/** For a shell: whatever is in it stays one word. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The lab's own name for it. Its value is in no page. */
const BEARER = ' -H "Authorization: Bearer $BADGATEWAY_TOKEN"';

/**
 * @param api the address of the API, whole.
 * @param isGuarded whether it asks for a token, which the shell has.
 */
export const curlOf = ({ method, path, body = {} }: Order, api: string, isGuarded = false): string => {
  const how = `${method === 'POST' ? '' : ` -X ${method}`}${isGuarded ? BEARER : ''}`;
  const what = `-H ${quoted('content-type: application/json')} -d ${quoted(JSON.stringify(body))}`;
  return `curl${how} ${quoted(new URL(path, api).href)} ${what}`;
};

/** Words that YAML would take for something else than a text, or that would end where they should not. */
const isPlain = (text: string): boolean =>
  /^[A-Za-z0-9_./%-][A-Za-z0-9_ ./%-]*$/.test(text) &&
  !/^(?:[-+.]?\d[\d_.]*(?:e[-+]?\d+)?|0x[0-9a-f]+|true|false|yes|no|on|off|null|~|-|\..*)$/i.test(text) &&
  !text.startsWith('- ') &&
  !text.startsWith('%') &&
  !text.endsWith(' ');

const PLAIN_KEY = /^[A-Za-z][A-Za-z0-9-]*$/;

const flow = (value: unknown): string => {
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, below]) => `${PLAIN_KEY.test(key) ? key : JSON.stringify(key)}: ${flow(below)}`,
    );
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return JSON.stringify(value);
};

/** @param atS the moment it is shown for. @returns `null`: no timeline can say it. */
export const yamlOf = ({ path, body, entry }: Order, atS: number): string | null => {
  const same = entry ?? (path === 'timeline' ? body : undefined);
  if (same === undefined) return null;
  return `- ${flow({ at: `${Math.max(0, Math.round(atS))}s`, ...same })}`;
};
