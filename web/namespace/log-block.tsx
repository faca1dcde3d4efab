import type { ComponentChildren } from 'preact';

/** Lines as they were written; long ones scroll, and the keyboard reaches them. */
export function LogBlock({ label, text }: { label: string; text: string }) {
  return <ScrollBox label={label}>{text}</ScrollBox>;
}

export function ScrollBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a mouse
    <section class="log" tabIndex={0} aria-label={label}>
      <pre>{children}</pre>
    </section>
  );
}
