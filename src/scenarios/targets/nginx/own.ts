/** A config of nginx that somebody runs as a service, as a run can have it. */
import type { ProxySite } from '../target.js';
import { TEMPORARY } from './translate.js';
import { quote } from './words.js';

/** Where a directive begins in the file itself; included ones are read as they are. */
const beginning = (pattern: string): RegExp => new RegExp(`^((?:[^#\\n]*[;{}])?\\s*)${pattern}`, 'm');

const has = (text: string, directive: string): boolean => beginning(`${directive}\\s`).test(text);

/**
 * Without `daemon`, since a run is its parent, and with a process file and temporary folders in the run's folder where
 * the config names none: those that were compiled in are the system's. Lines keep their numbers, which nginx names when
 * it refuses one.
 */
export const adapt = (text: string, { folder }: ProxySite): string => {
  const pid = `pid ${quote(`${folder}/nginx.pid`)};`;
  const ours = text
    .replace(beginning('daemon\\s+\\w+\\s*;'), '$1')
    .replace(beginning('pid\\s+[^;]+;'), (_all, before: string) => before + pid);
  // What is no main config is refused as it is, in its own words.
  if (!beginning('(?:http|events|stream)\\s*\\{').test(text)) return ours;
  const folders = TEMPORARY.filter((name) => !has(text, `${name}_temp_path`))
    .map((name) => ` ${name}_temp_path ${quote(`${folder}/${name}_temp`)};`)
    .join('');
  const placed = ours.replace(beginning('http\\s*\\{'), (http) => http + folders);
  return has(text, 'pid') ? placed : `${pid} ${placed}`;
};
