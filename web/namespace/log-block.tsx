import type { ComponentChildren } from 'preact';

/** Unwrapped lines; long ones scroll, also with the keyboard. */
export function LogBlock({ label, text }: { label: string; text: string }) {
  return <ScrollBox label={label}>{text}</ScrollBox>;
}

export function ScrollBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
    <section class="log" tabIndex={0} aria-label={label}>
      <pre>{children}</pre>
    </section>
  );
}
