/** The user name and password in a URL, decoded; undefined if it has none, or is invalid. */
export function credentialsIn(url: string): { readonly user: string; readonly password: string } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** The header for HTTP basic auth with the credentials in a URL; undefined if it has none. */
export function basicAuthorization(url: string): string | undefined {
  const credentials = credentialsIn(url);
  if (credentials === undefined) return undefined;
  return `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
}

export function withoutCredentials(url: string): string {
  if (credentialsIn(url) === undefined) return url;
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

/**
 * Why a URL of the form `scheme://user:password@host` is not parsed as intended. A `#`, `?`, `/` or `%` in a password ends
 * the password there: the rest would become another part of the URL.
 */
export function urlProblem(url: string): string | undefined {
  const encode =
    'cannot be read as a URL: percent-encode special characters in the user name and the password ("#" as %23, "/" as %2F, "%" as %25, "@" as %40)';
  if (!URL.canParse(url) || !isDecodable(url)) return encode;
  const { pathname, search, hash } = new URL(url);
  return `${pathname}${search}${hash}`.includes('@') ? encode : undefined;
}

function isDecodable(url: string): boolean {
  try {
    credentialsIn(url);
    return true;
  } catch {
    return false;
  }
}
