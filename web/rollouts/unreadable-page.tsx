import { Link } from '../ui/link.tsx';
import { TopBar } from '../ui/top-bar.tsx';

interface UnreadablePageProps {
  readonly reason: string;
  readonly environmentLabel: string | undefined;
}

/** While the rollouts cannot be read, for example because Redis does not answer. */
export function UnreadablePage({ reason, environmentLabel }: UnreadablePageProps) {
  return (
    <>
      <TopBar current="rollouts" environmentLabel={environmentLabel} />
      <main id="main" class="namespace-page">
        <h1>Rollouts cannot be read now</h1>
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
