import { Link } from './link.tsx';
import { TopBar } from './top-bar.tsx';

/** What is stored in Redis, and has a page. */
const WHAT = { rollouts: 'Rollouts', healing: 'Healing', audit: 'The audit log' } as const;
export type StoredWhat = keyof typeof WHAT;

interface UnreadablePageProps {
  readonly what: StoredWhat;
  readonly reason: string;
  readonly environmentLabel: string | undefined;
}

/** While what the page shows cannot be read, for example because Redis does not answer. */
export function UnreadablePage({ what, reason, environmentLabel }: UnreadablePageProps) {
  return (
    <>
      <TopBar current={what} environmentLabel={environmentLabel} />
      <main id="main" class="namespace-page">
        <h1>{unreadable(what)}</h1>
        <section class="panel details-section" aria-label="Why">
          <p>{reason}</p>
          <p>
            Reload this page in a moment. <Link href="/status">The fleet page</Link> does not need Redis.
          </p>
        </section>
      </main>
    </>
  );
}

export function unreadable(what: StoredWhat): string {
  return `${WHAT[what]} cannot be read now`;
}
