/** One line without control characters: a message from the cluster must not control the terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

export function truncate(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Breaks between words, and within words that are longer than a line; an undefined width does not wrap. */
export function wrap(text: string, width: number | undefined): string[] {
  if (width === undefined || text.length <= width) return [text];
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === '' ? lines : [...lines, rest];
}

/** Wraps a text after a mark (`- `, `1. `); later lines are indented by its width. */
export function hang(mark: string, text: string, width: number | undefined): string[] {
  const room = width === undefined ? undefined : Math.max(20, width - mark.length);
  return wrap(text, room).map((line, index) => (index === 0 ? mark : ' '.repeat(mark.length)) + line);
}
