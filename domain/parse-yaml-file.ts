import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';

/** What is wrong with a file. */
export interface FileProblem {
  /** Counted from 1. */
  readonly line: number;
  /** `release.waves[1]`; empty for the whole file. */
  readonly field: string;
  readonly message: string;
}

export type FileResult<Content> =
  | { readonly ok: true; readonly content: Content }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** Reads a YAML file that people write, and names line and field of each mistake. An empty file is an empty mapping. */
export function parseYamlFile<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  knownFields: (parent: Path) => string | undefined = () => undefined,
): FileResult<z.infer<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    return refused(broken.map(({ pos, message }) => syntaxProblem(lines, pos[0], message)));
  const read = toValue(document);
  if (!read.ok) return refused([read.problem]);
  const parsed = schema.safeParse(read.value ?? {});
  if (parsed.success) return { ok: true, content: parsed.data };
  const lineOf = (path: Path) => lines.linePos(offsetOf(document.contents, path)).line || 1;
  return refused(parsed.error.issues.flatMap((issue) => describeIssue(issue, lineOf, knownFields)));
}

/** For the log and for answers of the API; `whole` names the file. */
export function describeFileProblem({ line, field, message }: FileProblem, whole: string): string {
  return `line ${line}: ${field === '' ? whole : field} ${message}`;
}

export type Path = readonly PropertyKey[];
type LineOf = (path: Path) => number;

function refused(problems: readonly FileProblem[]) {
  return { ok: false, problems: [...problems].sort((a, b) => a.line - b.line) } as const;
}

function syntaxProblem(lines: LineCounter, offset: number, message: string): FileProblem {
  const [first = ''] = message.split('\n');
  return { line: lines.linePos(offset).line || 1, field: '', message: `is not valid YAML: ${first}` };
}

/** An alias without an anchor, or aliases that multiply, are found only now. */
function toValue(document: ReturnType<typeof parseDocument>) {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { ok: true, value } as const;
  } catch (error) {
    const message = `is not valid YAML: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problem: { line: 1, field: '', message } } as const;
  }
}

function describeIssue(
  issue: z.core.$ZodIssue,
  lineOf: LineOf,
  knownFields: (parent: Path) => string | undefined,
): FileProblem[] {
  if (issue.code !== 'unrecognized_keys') {
    return [{ line: lineOf(issue.path), field: toField(issue.path), message: describeValue(issue) }];
  }
  const known = knownFields(issue.path);
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const message = `is not a known field${known === undefined ? '' : `: ${known}`}`;
    return { line: lineOf(path), field: toField(path), message };
  });
}

function describeValue(issue: z.core.$ZodIssue): string {
  return /^(must|can)/.test(issue.message) ? issue.message : `is wrong: ${issue.message}`;
}

function toField(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** Where the key of a path is; of a key that is missing, the one around it. */
function offsetOf(node: unknown, path: Path, at = 0): number {
  const [key, ...rest] = path;
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    return isScalar(pair?.key) ? offsetOf(pair.value, rest, pair.key.range?.[0]) : at;
  }
  if (!isSeq(node)) return at;
  const item = node.items[Number(key)];
  return isNode(item) ? offsetOf(item, rest, item.range?.[0]) : at;
}
