export interface Debounced {
  call(): void;
  /** Prevents further calls. */
  cancel(): void;
}

/** Calls the function once, after a delay from the first of several calls. */
export function debounce(act: () => void, delayMs: number): Debounced {
  let timer: NodeJS.Timeout | undefined;
  let isCancelled = false;
  return {
    call: () => {
      if (isCancelled) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        act();
      }, delayMs);
    },
    cancel: () => {
      isCancelled = true;
      clearTimeout(timer);
    },
  };
}
