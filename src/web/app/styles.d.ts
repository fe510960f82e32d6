/** Styles are taken by the bundler, and say nothing to the code. */
declare module '*.css';
