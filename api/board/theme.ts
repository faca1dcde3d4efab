import type { UITheme } from '@bull-board/api/typings/app';

/** The colours of web/ui/styles/tokens.css by name; a test keeps the two in sync. */
type Palette = Readonly<Record<keyof typeof LIGHT, string>>;

export const LIGHT = {
  canvas: '#f6f7f9',
  surface: '#ffffff',
  raised: '#ffffff',
  hover: '#f2f5f9',
  border: '#dde2e8',
  'border-strong': '#bcc4ce',
  text: '#1a1f26',
  muted: '#586372',
  accent: '#1d4ed8',
  'accent-tint': '#e8effd',
  'on-mark': '#ffffff',
  healthy: '#1a7f37',
  progressing: '#0969da',
  outdated: '#8a5a00',
  degraded: '#c41e2a',
  unmanaged: '#586372',
  unknown: '#7a4bb0',
} as const;

export const DARK: Palette = {
  canvas: '#0c1016',
  surface: '#141920',
  raised: '#1b212a',
  hover: '#1a2029',
  border: '#29303a',
  'border-strong': '#434c58',
  text: '#e7ecf2',
  muted: '#949fae',
  accent: '#79b0ff',
  'accent-tint': '#17243d',
  'on-mark': '#0c1016',
  healthy: '#46b95a',
  progressing: '#58a6ff',
  outdated: '#d9a02b',
  degraded: '#ff7b72',
  unmanaged: '#949fae',
  unknown: '#b99af0',
};

export const FONTS = {
  font: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  mono: 'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
} as const;

/** The board in the fleet page's colours; a queue's state has the colour of its health. */
export const BOARD_THEME: UITheme = { light: tokensOf(LIGHT), dark: tokensOf(DARK) };

function tokensOf(palette: Palette): NonNullable<UITheme['light']> {
  return {
    'font-sans': FONTS.font,
    'font-mono': FONTS.mono,
    background: palette.canvas,
    foreground: palette.text,
    card: palette.surface,
    popover: palette.raised,
    primary: palette.accent,
    'primary-foreground': palette['on-mark'],
    secondary: palette.hover,
    'secondary-foreground': palette.text,
    muted: palette.hover,
    'muted-foreground': palette.muted,
    accent: palette['accent-tint'],
    'accent-foreground': palette.text,
    destructive: palette.degraded,
    'destructive-foreground': palette['on-mark'],
    border: palette.border,
    input: palette['border-strong'],
    sidebar: palette.surface,
    'sidebar-foreground': palette.text,
    'sidebar-accent': palette.hover,
    'sidebar-border': palette.border,
    'status-failed': palette.degraded,
    'status-completed': palette.healthy,
    'status-waiting': palette.progressing,
    'status-active': palette.progressing,
    'status-delayed': palette.outdated,
    'status-prioritized': palette.progressing,
    'status-waiting-children': palette.progressing,
    'status-paused': palette.unmanaged,
  };
}
