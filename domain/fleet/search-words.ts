/** The words of a search, in lower case: a row must contain all of them. Page and CLI search different fields. */
export function searchWords(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}
