/** On an answer that is less than it could be, because something that had a part in it failed. */
export const DEGRADED_HEADER = 'x-degraded';
