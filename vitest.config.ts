import { defineConfig } from 'vitest/config';

/** Where tests that measure nothing are run two files at a time; a machine with one processor takes them in turn. */
const SIDE_BY_SIDE = 2;

/** Every bundled scenario, in virtual time. */
const LIBRARY = 'test/virtual/library.test.ts';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'library',
          // By itself: it has a thread for each processor.
          include: [LIBRARY],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/*.test.ts', 'test/{unit,theory,virtual}/**/*.test.ts'],
          exclude: [LIBRARY],
          maxWorkers: SIDE_BY_SIDE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'sockets',
          include: ['test/{integration,conformance}/**/*.test.ts'],
          maxWorkers: SIDE_BY_SIDE,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'runs',
          // One file at a time: runs of real processes share two cores, and one that starves is rightly inconclusive.
          include: ['test/{runs,browser}/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
