import { availableParallelism } from 'node:os';

const swc = (tsx) => [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', tsx },
      transform: { react: { runtime: 'automatic', importSource: 'preact' } },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  },
];

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: { '^.+\\.ts$': swc(false), '^.+\\.tsx$': swc(true) },
  // Most files wait (for deadlines, browsers, control planes): two cores can run four of them.
  maxWorkers: Math.max(4, availableParallelism()),
  // Tests of one file that run at once (`test.concurrent`) mostly wait, too.
  maxConcurrency: 16,
  // Not a performance bound: it only ends hangs, and is long enough on a busy machine.
  testTimeout: 180_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  testMatch: ['<rootDir>/test/**/*.test.{ts,tsx}'],
};
