/** Lines that follow each other within this time become one entry of the log. */
const GATHER_MS = 500;

/** Gathers the lines of a job's log: each entry that is written costs a command. */
export interface JobLog {
  add(line: string): void;
  /** Writes what is gathered. */
  flush(): void;
}

export function createJobLog(write: (entry: string) => void): JobLog {
  let lines: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) write(lines.join('\n'));
    lines = [];
  }

  return {
    flush,
    add: (line) => {
      lines.push(`${new Date().toISOString()} ${line}`);
      timer ??= setTimeout(flush, GATHER_MS);
    },
  };
}
