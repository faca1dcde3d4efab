import { useContext } from 'preact/hooks';
import type { NamespaceLink } from '../../domain/explain/namespace-details.ts';
import { BasePath, Link } from '../ui/link.tsx';
import { Ago } from '../ui/moment.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';

/** Links to the jobs on the board and to the rollouts they belong to. */
export function LinksPanel({ store }: { store: NamespaceStore }) {
  const base = useContext(BasePath);
  const { jobs, rollouts, namespace } = store.details.value;
  // The API's own links are to JSON.
  const toPage = (link: NamespaceLink) => ({ ...link, href: `${base}/rollouts/${link.id}` });
  return (
    <Section id="links" title="Jobs and rollouts">
      <div class="link-columns">
        <Links title="Jobs on the board" links={jobs} store={store} />
        <Links title="Rollouts" links={rollouts.map(toPage)} store={store} />
      </div>
      <p class="muted">
        As JSON: <Link href={`/api/namespaces/${namespace}`}>namespace</Link>,{' '}
        <Link href={`/api/namespaces/${namespace}/objects`}>objects</Link>,{' '}
        <Link href={`/api/namespaces/${namespace}/logs`}>logs</Link>
      </p>
    </Section>
  );
}

function Links({
  title,
  links,
  store,
}: {
  title: string;
  links: readonly NamespaceLink[];
  store: NamespaceStore;
}) {
  return (
    <div>
      <h3>{title}</h3>
      {links.length === 0 ? <p class="none">None yet.</p> : null}
      <ul class="lines">
        {links.map(({ id, href, at }) => (
          <li key={id}>
            <a class="mono" href={href}>
              {id}
            </a>{' '}
            <span class="muted">
              <Ago at={at} now={store.now} />
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
