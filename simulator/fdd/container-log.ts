/** Lines that are kept of a container: 10,000 namespaces share one process. */
const MAX_LINES = 200;

export interface ContainerLog {
  write(line: string): void;
  lines(): readonly string[];
  /** Calls back for each further line. */
  follow(listener: (line: string) => void): () => void;
  /** Resolves when no line will come any more. */
  end(): void;
  readonly ended: Promise<void>;
}

export function createContainerLog(): ContainerLog {
  let lines: string[] = [];
  let listeners: Set<(line: string) => void> | undefined;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    write: (line) => {
      lines.push(line);
      if (lines.length > MAX_LINES) lines = lines.slice(-MAX_LINES / 2);
      for (const listener of listeners ?? []) listener(line);
    },
    lines: () => lines,
    follow: (listener) => {
      listeners ??= new Set();
      listeners.add(listener);
      return () => listeners?.delete(listener);
    },
    end,
    ended,
  };
}
