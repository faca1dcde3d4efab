const IDENTIFIER = /^[a-z]+-/;

/** The name of a rule or of a field manager stays as it is. */
export function firstUpper(text: string): string {
  if (IDENTIFIER.test(text)) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
