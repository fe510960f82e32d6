/** What is left undefined has the default of whoever gets the options. */
export const given = <Options extends object>(
  options: {
    readonly [Key in keyof Options]: Options[Key] | undefined;
  },
): Partial<Options> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;
