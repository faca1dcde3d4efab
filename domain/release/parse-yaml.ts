import { Lexer, Parser, parse, type ScalarTag, type Tags } from 'yaml';
import { invalid, ok, type Result } from './result.ts';

/** More aliases than any legitimate document has. */
const MAX_ALIASES = 100;
/** A fiaas.yml is about six levels deep, with about six tokens per line. */
const MAX_DEPTH = 100;
const MAX_TOKENS = 20_000;

/**
 * Parses YAML 1.1 like upstream and FDD (PyYAML): `on` is true, `<<` merges. Values without a JSON form (timestamps) are
 * converted as JSON.stringify does it.
 */
export function parseYaml(text: string): Result<unknown> {
  try {
    const excess = excessOf(text);
    if (excess !== undefined) return invalid(`is not valid YAML: ${excess}`);
    const parsed: unknown = parse(text, {
      version: '1.1',
      merge: true,
      customTags: asPyYaml,
      maxAliasCount: MAX_ALIASES,
      // Warnings would bypass the log, and can be as long as the document.
      logLevel: 'error',
    });
    return ok(parsed === undefined ? null : JSON.parse(JSON.stringify(parsed)));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return invalid(`is not valid YAML: ${reason}`);
  }
}

/**
 * The limit that a document exceeds. The library composes recursively and compares each key with all earlier ones: a
 * megabyte of brackets would take minutes and all memory. Its lexer returns one token at a time.
 */
function excessOf(text: string): string | undefined {
  const parser = new Parser();
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MAX_TOKENS) return `it has more than ${MAX_TOKENS} tokens`;
    for (const _document of parser.next(token));
    if (parser.stack.length > MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} deep`;
  }
  return undefined;
}

const BOOL = 'tag:yaml.org,2002:bool';

/** PyYAML reads `yes` and `on` as booleans, but not the single letters that YAML 1.1 allows: `y` stays a string. */
function asPyYaml(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === 'string' || tag.tag !== BOOL) return tag;
    const { test } = tag as ScalarTag;
    const words = test?.test('yes')
      ? /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
      : /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
    return { ...tag, test: words } as ScalarTag;
  });
}
