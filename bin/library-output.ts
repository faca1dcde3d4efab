import { format } from 'node:util';
import type { Logger } from 'pino';

/** What libraries print on the console, and Node's own warnings, become lines of our log. */
export function captureLibraryOutput(root: Logger): void {
  const log = root.child({ logger: 'library' });
  console.log = (...words: unknown[]) => log.info(format(...words));
  console.info = console.log;
  console.warn = (...words: unknown[]) => log.warn(format(...words));
  // A library cannot know whether somebody must act.
  console.error = console.warn;
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ warning: warning.name }, warning.message));
}
