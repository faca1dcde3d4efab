import { Lexer, Parser, parse, type ScalarTag, type Tags } from 'yaml';
import { invalid, ok, type Result } from './result.ts';

/** More aliases than any honest document has. */
const MAX_ALIASES = 100;
/** A fiaas.yml is some six deep, and a line of it has some six tokens. */
const MAX_DEPTH = 100;
const MAX_TOKENS = 20_000;

/**
 * Reads YAML 1.1, as upstream and FDD do (PyYAML): `on` is true, `<<` merges. What JSON has no form for (a timestamp)
 * becomes what JSON makes of it.
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
      // Warnings would go past the log, as long as the document is.
      logLevel: 'error',
    });
    return ok(parsed === undefined ? null : JSON.parse(JSON.stringify(parsed)));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return invalid(`is not valid YAML: ${reason}`);
  }
}

/**
 * What is beyond measure in a document. The library composes recursively, and compares each key with all before it: a
 * megabyte of brackets would take it minutes, and more memory than there is. Its tokens come one by one.
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

/** PyYAML takes `yes` and `on` for switches, but not the single letters that YAML 1.1 allows: `y` stays a key. */
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
