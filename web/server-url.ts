/** The address of this Skipper, without a trailing slash. Its scripts are in `assets/` there, for pages and for workers. */
export function serverUrl(): string {
  return new URL('..', import.meta.url).href.replace(/\/$/, '');
}

/** The path in it; empty at the root. */
export function basePath(): string {
  return new URL('..', import.meta.url).pathname.replace(/\/$/, '');
}
