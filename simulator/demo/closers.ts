/** What has to be ended again, in the opposite order of its beginning. */
export interface Closers {
  add(close: () => Promise<unknown> | unknown): void;
  /** Ends everything, also what comes after something that could not be ended; throws the first problem. */
  closeAll(): Promise<void>;
}

export function createClosers(): Closers {
  const open: (() => Promise<unknown> | unknown)[] = [];
  return {
    add: (close) => {
      open.push(close);
    },
    closeAll: async () => {
      const problems: unknown[] = [];
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        try {
          await close();
        } catch (error) {
          problems.push(error);
        }
      }
      if (problems.length > 0) throw problems[0];
    },
  };
}
