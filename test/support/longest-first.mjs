import { relative, sep } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/** Levels whose files take long and mostly wait; later levels fill the cores at the end. */
const LONG_LEVELS = ['cluster', 'browser', 'integration', 'chart'];

/**
 * Starts with the longest: a file of each long level in turn, so that heavy files (control planes, browsers) run beside
 * those that wait. Within a level jest's own order applies: slowest last time first, or the largest file.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const turns = new Map();
    const placed = super.sort(tests).map((test) => {
      const level = levelOf(test);
      const turn = turns.get(level) ?? 0;
      turns.set(level, turn + 1);
      return { test, turn: LONG_LEVELS.includes(level) ? turn : Number.POSITIVE_INFINITY };
    });
    // Sorting is stable.
    return placed.sort((a, b) => (a.turn === b.turn ? 0 : a.turn - b.turn)).map(({ test }) => test);
  }
}

function levelOf({ path, context }) {
  return relative(context.config.rootDir, path).split(sep)[1];
}
