import type { ComponentChildren } from 'preact';

interface SectionProps {
  readonly id: string;
  readonly title: string;
  /** Shown beside the title. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Section({ id, title, aside, children }: SectionProps) {
  return (
    <section class="panel details-section" aria-labelledby={id}>
      <header class="section-head">
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <span class="section-aside muted">{aside}</span>}
      </header>
      {children}
    </section>
  );
}
