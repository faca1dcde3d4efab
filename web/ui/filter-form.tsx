import type { ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import { BasePath, Link } from './link.tsx';

interface FilterFormProps {
  /** Of the page that it filters. */
  readonly path: string;
  readonly isFiltered: boolean;
  readonly className?: string;
  readonly children: ComponentChildren;
}

/** A plain form: its fields are the query of the URL. */
export function FilterForm({ path, isFiltered, className = '', children }: FilterFormProps) {
  const base = useContext(BasePath);
  return (
    <search>
      <form method="get" action={`${base}${path}`} class={`rollout-filters ${className}`.trim()}>
        {children}
        <button type="submit" class="button">
          Apply
        </button>
        {isFiltered ? (
          <Link class="button quiet" href={path}>
            Clear filters
          </Link>
        ) : null}
      </form>
    </search>
  );
}
