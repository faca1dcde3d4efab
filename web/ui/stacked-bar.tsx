export interface BarPart {
  readonly key: string;
  readonly count: number;
  /** A CSS class that gives the part its `fill`. */
  readonly className: string;
}

/** Parts of a whole side by side; screen readers get the label. SVG needs no inline style for its widths. */
export function StackedBar({
  parts,
  total,
  label,
}: {
  parts: readonly BarPart[];
  total: number;
  label: string;
}) {
  let offset = 0;
  return (
    <svg class="bar" viewBox="0 0 1000 6" preserveAspectRatio="none" role="img" aria-label={label}>
      {parts.map(({ key, count, className }) => {
        const width = total === 0 ? 0 : (count / total) * 1000;
        const x = offset;
        offset += width;
        return width === 0 ? null : <rect key={key} class={className} x={x} y="0" width={width} height="6" />;
      })}
    </svg>
  );
}
