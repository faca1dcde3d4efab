import type { Signal } from '@preact/signals';

interface CommandFieldProps {
  readonly name: string;
  readonly value: Signal<string>;
  readonly isRequired?: boolean;
  /** What an empty field means. */
  readonly hint?: string;
}

/** A line of text that a command needs besides its reason. */
export function CommandField({ name, value, isRequired = false, hint }: CommandFieldProps) {
  return (
    <label class="command-field">
      <span>{name}</span>
      <input
        class="field"
        autoComplete="off"
        spellcheck={false}
        required={isRequired}
        placeholder={hint}
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
