import { Link } from './link.tsx';
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
              <Link href="/status">The fleet</Link>: every namespace with its health.{' '}
              <code>/status/NAMESPACE</code> is the page of one namespace.
            </li>
            <li>
              <Link href="/rollouts">The rollouts</Link>: who changed what, and how far it is.
            </li>
            <li>
              <Link href="/audit">The audit log</Link>: every action and every automatic decision.
            </li>
            <li>
              <Link href="/queues">The board</Link>: the queues, with their jobs.
            </li>
            <li>
              <Link href="/api/openapi.json">The API</Link>, described in OpenAPI.
            </li>
          </ul>
        </section>
      </main>
    </>
  );
}
