import { format } from 'node:util';
import type { Logger } from 'pino';

/** Sends console output of libraries, and Node's own warnings, to our log. */
export function captureLibraryOutput(root: Logger): void {
  const log = root.child({ logger: 'library' });
  console.log = (...words: unknown[]) => log.info(format(...words));
  console.info = console.log;
  console.warn = (...words: unknown[]) => log.warn(format(...words));
  // A library cannot know whether an operator must act.
  console.error = console.warn;
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ warning: warning.name }, warning.message));
}
