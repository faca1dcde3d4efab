import { Icon } from './icon.tsx';

/** A text field of a plain form: its name and value are in the query of the URL. */
export function SearchFilter({ name, label, value }: { name: string; label: string; value: string }) {
  return (
    <label class="search">
      <span class="visually-hidden">{label}</span>
      <Icon name="search" />
      <input
        class="field"
        type="search"
        name={name}
        placeholder={label}
        autoComplete="off"
        spellcheck={false}
        defaultValue={value}
      />
    </label>
  );
}
