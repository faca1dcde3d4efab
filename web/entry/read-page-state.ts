/**
 * What the page was rendered from; undefined if it has none. It is not parsed: the server that has rendered this document
 * wrote it, and names the scripts of its own build in it, so both are of one version.
 */
export function readPageState<State>(): State | undefined {
  const text = document.getElementById('state')?.textContent;
  return (JSON.parse(text || 'null') as State | null) ?? undefined;
}
