import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from '@tanstack/virtual-core';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface VirtualLines {
  readonly indexes: readonly number[];
  /** Room for the lines that are not rendered, in pixels. */
  readonly before: number;
  readonly after: number;
  readonly measure: (line: HTMLElement | null) => void;
  readonly scrollTo: (index: number) => void;
}

interface VirtualLinesOptions {
  readonly count: number;
  readonly keyOf: (index: number) => string;
  /** The height of a line that is not rendered, in pixels: exact, or all below it move when it comes into view. */
  readonly heightOf: (index: number) => number;
  /** Changes when the heights do, as between a wide and a narrow window. */
  readonly layout: string;
  /** The element that holds the lines: everything above it moves them down. */
  readonly list: { readonly current: HTMLElement | null };
  /** What sticks to the top of the window and hides lines, in pixels. */
  readonly covered: () => number;
  /** Off, all lines are rendered: as the server has sent them. */
  readonly isOn: boolean;
}

/** Renders the lines that the window shows, and a few around. The page itself scrolls, as pages do. */
export function useVirtualLines(options: VirtualLinesOptions): VirtualLines {
  const { count, keyOf, heightOf, layout, list, isOn } = options;
  const [, rerender] = useReducer((renders: number) => renders + 1, 0);
  const kept = useRef<Virtualizer<Window, HTMLElement> | undefined>(undefined);
  const margin = useRef(0);
  const covered = useRef(0);
  const settings = () => ({
    count,
    enabled: isOn,
    estimateSize: heightOf,
    measureElement: measureWithoutLayout,
    getItemKey: keyOf,
    getScrollElement: () => window,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    overscan: 6,
    scrollMargin: margin.current,
    scrollPaddingStart: covered.current,
    scrollPaddingEnd: 8,
    initialOffset: () => window.scrollY,
    initialRect: { width: window.innerWidth, height: window.innerHeight },
    onChange: () => rerender(undefined),
  });

  if (isOn) {
    kept.current ??= new Virtualizer<Window, HTMLElement>(settings());
    kept.current.setOptions(settings());
  }
  const lines = kept.current;

  useLayoutEffect(() => lines?._didMount(), [lines]);
  useLayoutEffect(() => lines?.measure(), [lines, layout]);
  useLayoutEffect(() => {
    // Nothing above the lines changes its height while they are scrolled, and to measure costs a layout.
    if (lines && list.current && !lines.isScrolling) {
      const top = Math.round(list.current.getBoundingClientRect().top + window.scrollY);
      if (top !== margin.current) {
        margin.current = top;
        rerender(undefined);
      }
    }
    lines?._willUpdate();
  });

  if (!lines) {
    const all = Array.from({ length: count }, (_, index) => index);
    return { indexes: all, before: 0, after: 0, measure: () => undefined, scrollTo: () => undefined };
  }
  const items = lines.getVirtualItems();
  const first = items[0];
  const last = items[items.length - 1];
  return {
    indexes: items.map((item) => item.index),
    before: first ? Math.max(0, first.start - margin.current) : 0,
    after: last ? Math.max(0, lines.getTotalSize() + margin.current - last.end) : 0,
    measure: lines.measureElement,
    scrollTo: (index) => {
      covered.current = options.covered();
      lines.setOptions(settings());
      lines.scrollToIndex(index, { align: 'auto' });
    },
  };
}

/** As the browser observed it; until then as it was known, for to ask the element would cost a layout for every line. */
function measureWithoutLayout(
  line: HTMLElement,
  entry: ResizeObserverEntry | undefined,
  lines: Virtualizer<Window, HTMLElement>,
): number {
  const observed = entry?.borderBoxSize[0]?.blockSize;
  if (observed !== undefined) return Math.round(observed);
  const index = lines.indexFromElement(line);
  return lines.measurementsCache[index]?.size ?? lines.options.estimateSize(index);
}
