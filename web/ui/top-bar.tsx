import type { ComponentChildren } from 'preact';
import { Logo } from './icon.tsx';
import { Link } from './link.tsx';
import { ThemeToggle } from './theme-toggle.tsx';

const LINKS = [
  ['fleet', '/status', 'Fleet'],
  ['rollouts', '/rollouts', 'Rollouts'],
  ['healing', '/healing', 'Healing'],
  ['audit', '/audit', 'Audit'],
  ['board', '/queues', 'Board'],
  ['api', '/api/openapi.json', 'API'],
] as const;

interface TopBarProps {
  /** Undefined on a page that has no link here. */
  readonly current: 'fleet' | 'rollouts' | 'healing' | 'audit' | 'board' | undefined;
  /** The name of the environment (`--environment-label`); undefined shows none. */
  readonly environmentLabel: string | undefined;
  readonly children?: ComponentChildren;
}

/** The same on every page; children are shown on the right, for example whether the page is live. */
export function TopBar({ current, environmentLabel, children }: TopBarProps) {
  return (
    <header class={environmentLabel === undefined ? 'top-bar' : 'top-bar labelled'}>
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <Link class="brand" href="/status">
        <Logo />
        Skipper
      </Link>
      <nav class="top-links" aria-label="Pages">
        {LINKS.map(([key, href, text]) => (
          <Link key={key} href={href} aria-current={key === current ? 'page' : undefined}>
            {text}
          </Link>
        ))}
      </nav>
      {environmentLabel === undefined ? null : (
        <span class="environment-badge" title={`Environment: ${environmentLabel}`}>
          {environmentLabel}
        </span>
      )}
      <div class="top-right">
        {children}
        <ThemeToggle />
      </div>
    </header>
  );
}
