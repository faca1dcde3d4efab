const HIDDEN = '***';
/** Shorter secrets are parts of ordinary words: hiding them would make every message unreadable. */
const SHORTEST_SECRET = 6;

/** User name and password, or a token in place of them. */
const USER_INFO = /:\/\/[^\s/?#"'<>]*@/g;
const QUERY_SECRET =
  /([?&][\w.-]{0,40}(?:token|signature|secret|passw|credential|api[_-]?key|sig)[\w.-]{0,40}=)[^\s&#"'<>]+/gi;
const AUTHORIZATION = /\b(Bearer|Basic) [\w.~+/-]{16,}=*/gi;

/** The secrets of this process, longest first: one can be part of another. */
let secrets: readonly { readonly form: string; readonly pattern: RegExp }[] = [];

/**
 * The only place that removes secrets from text. Errors, logs and traces pass through it: libraries put URLs and the
 * arguments of commands into their messages.
 */
export function hideSecrets(text: string): string {
  let shown = text
    .replace(USER_INFO, `://${HIDDEN}@`)
    .replace(QUERY_SECRET, `$1${HIDDEN}`)
    .replace(AUTHORIZATION, `$1 ${HIDDEN}`);
  for (const { pattern } of secrets) shown = shown.replace(pattern, HIDDEN);
  return shown;
}

/** From now on `hideSecrets` removes this secret everywhere, including in URLs, in base64, and in JSON within JSON. */
export function rememberSecret(secret: string): void {
  const forms = [secret, encodeURIComponent(secret), inBase64(secret)];
  const more = forms.filter(
    (form) => form.length >= SHORTEST_SECRET && !secrets.some((known) => known.form === form),
  );
  secrets = [...secrets, ...more.map((form) => ({ form, pattern: patternOf(form) }))].sort(
    (a, b) => b.form.length - a.form.length,
  );
}

/** Each level of JSON adds backslashes before quotation marks and backslashes. */
function patternOf(form: string): RegExp {
  const parts = [...form].map((character) => {
    if (character === '\\') return '\\\\+';
    return `${character === '"' ? '\\\\*' : ''}\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
  return new RegExp(parts.join(''), 'gu');
}

function inBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
