/** Flags as the parser of the command line hands them over: one value, several, or none. */

/** The values of a flag that may be repeated. */
export const list = (flag: unknown): string[] =>
  flag === undefined ? [] : (Array.isArray(flag) ? flag : [flag]).map((one) => String(one));
