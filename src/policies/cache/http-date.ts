/**
 * Dates in header fields (RFC 9110 section 5.6.7): the preferred form and the two obsolete ones that a recipient must
 * still read. Anything else is no date; a parser that guesses would read `Expires: 0` as the year 2000.
 */

const WITH_ZONE = /^[A-Z][a-z]+, \d\d(?: [A-Z][a-z]{2} \d{4}|-[A-Z][a-z]{2}-\d\d) \d\d:\d\d:\d\d GMT$/;
/** The form of C's `asctime`, which is in GMT without saying so. */
const WITHOUT_ZONE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/** @returns NaN for what is no date, a field that came twice included. */
export const httpDateMs = (field: string | string[] | undefined): number => {
  if (typeof field !== 'string') return Number.NaN;
  const text = field.trim();
  if (WITH_ZONE.test(text)) return Date.parse(text);
  return WITHOUT_ZONE.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
};
