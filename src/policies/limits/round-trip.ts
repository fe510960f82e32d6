/** What algorithms that divide by the time of a request take for the shortest one there is. */

/** A clock may not have moved at all between two moments. Envoy's samples have a resolution of 1 µs too. */
export const MIN_RTT_MS = 0.001;
