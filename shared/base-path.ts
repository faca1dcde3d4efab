const SEGMENT = /^[\w~-][\w.~-]*$/;

/** `skipper/` → `/skipper`, `/` → ``; undefined if it is not a plain path. */
export function parseBasePath(text: string): string | undefined {
  const path = text.replace(/^\/|\/$/g, '');
  if (path === '') return '';
  const segments = path.split('/');
  // Nothing that a proxy, a browser or a router would read as something else: "..", "//", "?", "%2f".
  return segments.every((segment) => SEGMENT.test(segment)) ? `/${segments.join('/')}` : undefined;
}
