import { spawn } from 'node:child_process';

/** Waits for the end of its standard input, which comes when the demo dies, however it dies. */
const SCRIPT = `
pids=
while read -r word value; do
  case $word in
    pid) pids="$pids $value" ;;
    dismissed) exit 0 ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids
rm -rf "$1"
`;

export interface Guardian {
  watchOver(pid: number): void;
  /** All is cleaned up: nothing is left to guard. */
  dismiss(): void;
}

/**
 * Starts a shell that outlives this process if it is killed without a word (SIGKILL, out of memory), and then ends the
 * processes it knows and removes the directory. Any other death is seen to by the demo itself.
 */
export function postGuardian(directory: string): Guardian {
  // A group of its own: Ctrl-C goes to the whole foreground group, and must not end the guardian first.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'skipper-demo-guardian', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell there is no guardian; all else works.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return {
    watchOver: (pid) => {
      shell.stdin.write(`pid ${pid}\n`);
    },
    dismiss: () => {
      shell.stdin.end('dismissed\n');
    },
  };
}
