/** The words of a search, in lower case: a row that has all of them is found. Page and CLI search other fields. */
export function searchWords(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}
