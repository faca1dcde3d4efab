import type { ComponentChildren } from 'preact';

interface SelectFilterProps {
  readonly name: string;
  readonly label: string;
  /** What is chosen; empty for all. */
  readonly value: string;
  /** The words for all. */
  readonly all: string;
  /** Options. */
  readonly children: ComponentChildren;
}

/** A select box of a plain form, which is sent as soon as something is chosen. */
export function SelectFilter({ name, label, value, all, children }: SelectFilterProps) {
  const submit = (event: Event) => (event.currentTarget as HTMLSelectElement).form?.requestSubmit();
  return (
    <select class={`select${value === '' ? '' : ' on'}`} name={name} aria-label={label} onChange={submit}>
      <option value="">{all}</option>
      {children}
    </select>
  );
}
