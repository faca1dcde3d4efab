import { TopBar } from './top-bar.tsx';

interface UnknownPageProps {
  readonly path: string;
  readonly environmentLabel: string | undefined;
}

/** For an unknown address: shows which pages exist. */
export function UnknownPage({ path, environmentLabel }: UnknownPageProps) {
  return (
    <>
      <TopBar current={undefined} environmentLabel={environmentLabel} />
      <main id="main" class="namespace-page">
        <h1>This page does not exist</h1>
        <section class="panel details-section" aria-label="Pages that exist">
          <p>
            Skipper has no page at <code>{path}</code>.
          </p>
          <ul class="plain-list">
            <li>
              <a href="/status">The fleet</a>: every namespace with its health. <code>/status/NAMESPACE</code>{' '}
              is the page of one namespace.
            </li>
            <li>
              <a href="/queues">The board</a>: the queues, with their jobs.
            </li>
            <li>
              <a href="/api/openapi.json">The API</a>, described in OpenAPI.
            </li>
          </ul>
        </section>
      </main>
    </>
  );
}
