import { basePath } from '../server-url.ts';
import { ThemeIcon } from './icon.tsx';
import { type Theme, themeCookie } from './theme.ts';

/** Switches between light and dark. Follows the system's preference until the first switch, and again when both match. */
export function ThemeToggle() {
  return (
    <button type="button" class="icon-button needs-script" title="Light or dark" onClick={toggle}>
      <ThemeIcon />
      <span class="visually-hidden">Switch between light and dark</span>
    </button>
  );
}

function toggle(): void {
  const root = document.documentElement;
  const systemIs: Theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const now = (root.dataset.theme as Theme | undefined) ?? systemIs;
  const wanted: Theme = now === 'dark' ? 'light' : 'dark';
  if (wanted === systemIs) delete root.dataset.theme;
  else root.dataset.theme = wanted;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
  document.cookie = themeCookie(wanted === systemIs ? 'system' : wanted, basePath());
}
