import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from '@tanstack/virtual-core';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

export interface VirtualLines {
  readonly indexes: readonly number[];
  /** Space for the lines that are not rendered, in pixels. */
  readonly before: number;
  readonly after: number;
  readonly measure: (line: HTMLElement | null) => void;
  readonly scrollTo: (index: number) => void;
}

interface VirtualLinesOptions {
  readonly count: number;
  readonly keyOf: (index: number) => string;
  /** The height of a line that is not rendered, in pixels. Must be exact, or the lines below move when it is rendered. */
  readonly heightOf: (index: number) => number;
  /** Changes when the heights do, for example between a wide and a narrow window. */
  readonly layout: string;
  /** The element that contains the lines: its position is the offset of the first. */
  readonly list: { readonly current: HTMLElement | null };
  /** The height of what sticks to the top of the window and hides lines, in pixels. */
  readonly covered: () => number;
  /** If false, all lines are rendered, as the server sent them. */
  readonly isOn: boolean;
}

/** Renders the lines in the window and a few around it. The page itself scrolls, not an element in it. */
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
    // Heights above the lines do not change while scrolling, and measuring costs a layout.
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

/** The observed height; until then the known one, because measuring the element would cost a layout per line. */
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
