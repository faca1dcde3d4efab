export interface Debounced {
  call(): void;
  /** Nothing is called from now on. */
  cancel(): void;
}

/** Calls once, this long after the first of several calls. */
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
