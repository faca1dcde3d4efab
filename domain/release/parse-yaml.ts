import {
  isCollection,
  isScalar,
  Lexer,
  type ParsedNode,
  Parser,
  parseDocument,
  type ScalarTag,
  type Tags,
  visit,
} from 'yaml';
import { invalid, ok, type Result } from './result.ts';

/** More aliases than any legitimate document has. */
const MAX_ALIASES = 100;
/** A fiaas.yml is about six levels deep, with about six tokens per line. */
const MAX_DEPTH = 100;
const MAX_TOKENS = 20_000;
const SHOWN_KEYS = 5;
const SHOWN_KEY_LENGTH = 100;

/** What PyYAML's reader takes: all else ends it. */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

export type YamlResult = Result<unknown> & {
  /** Keys that one mapping has more than once; PyYAML takes the last of each. Left out if there are none. */
  readonly duplicateKeys?: readonly string[];
};

/**
 * Parses YAML 1.1 like upstream and FDD (`yaml.safe_load` of PyYAML): `on` is true, `<<` merges, of a duplicate key the last
 * one counts, and what ends PyYAML is refused. Values without a JSON form (timestamps) are converted as JSON.stringify does it.
 * kubectl, unlike PyYAML, reads tabs between words.
 */
export function parseYaml(text: string, { allowTabs = false } = {}): YamlResult {
  try {
    const excess = excessOf(text, allowTabs) ?? unprintable(text);
    if (excess !== undefined) return invalid(`is not valid YAML: ${excess}`);
    return compose(text);
  } catch (error) {
    return invalid(`is not valid YAML: ${firstLineOf(error)}`);
  }
}

/** For people: `has "a" more than once: FDD reads the last one`. */
export function describeDuplicates(keys: readonly string[]): string {
  const quoted = keys.map((key) => JSON.stringify(key)).join(', ');
  return `has ${quoted} more than once: FDD reads the last one`;
}

function compose(text: string): YamlResult {
  const duplicates = new Set<string>();
  const document = parseDocument(text, {
    version: '1.1',
    merge: true,
    customTags: asPyYaml,
    uniqueKeys: (a, b) => isSecondMerge(a, b) || noteDuplicate(a, b, duplicates),
    // Warnings would bypass the log, and can be as long as the document.
    logLevel: 'error',
  });
  // A warning is a tag that PyYAML does not construct.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) return invalid(`is not valid YAML: ${firstLineOf(problem)}`);
  visit(document, { Pair: (_index, { key }) => refuseCollection(key) });
  const parsed: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  const result = ok<unknown>(parsed === undefined ? null : JSON.parse(JSON.stringify(parsed)));
  return duplicates.size === 0 ? result : { ...result, duplicateKeys: [...duplicates] };
}

/** PyYAML merges both, in its own order: one list of them says the same. */
function isSecondMerge(a: ParsedNode, b: ParsedNode): boolean {
  return isScalar(a) && isScalar(b) && a.source === '<<' && b.source === '<<';
}

/** False: to the library the keys differ, so it takes both, and the later one stays. */
function noteDuplicate(a: ParsedNode, b: ParsedNode, duplicates: Set<string>): false {
  const isSame = isScalar(a) && isScalar(b) && a.value === b.value;
  if (isSame && duplicates.size < SHOWN_KEYS) duplicates.add(String(a.source).slice(0, SHOWN_KEY_LENGTH));
  return false;
}

function refuseCollection(key: unknown): void {
  if (isCollection(key)) throw new Error('a list or a mapping cannot be a key');
}

function unprintable(text: string): string | undefined {
  const [character] = UNPRINTABLE.exec(text.replace(/^\ufeff/, '')) ?? [];
  const code = character?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return code === undefined ? undefined : `it has the control character U+${code}`;
}

const POSITION = '(?<at> at line \\d+, column \\d+:?)?$';
/** Where the library quotes the document in its messages, each with what remains. */
const QUOTES: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(?<=[\\w)]): .*?${POSITION}`), '$<at>'],
  [
    new RegExp(
      `^(?<what>Unknown directive|Unsupported YAML version|Unresolved plain scalar|Invalid escape sequence) .*?${POSITION}`,
    ),
    '$<what>$<at>',
  ],
  [
    new RegExp(`(?<=^Verbatim tags aren't resolved, so) .* is invalid\\.${POSITION}`),
    ' this is invalid$<at>',
  ],
  [new RegExp(`^The .* tag has no suffix${POSITION}`), 'The tag has no suffix$<at>'],
];

/** A document can have secrets, such as a password that begins with `*`: a message shows only where the mistake is. */
function firstLineOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be read';
  const [line = ''] = error.message.split('\n');
  return QUOTES.reduce((text, [quote, rest]) => text.replace(quote, rest), line);
}

/**
 * The limit that a document exceeds, or a tab that PyYAML does not take. The library composes recursively and compares each key with all earlier ones: a
 * megabyte of brackets would take minutes and all memory. Its lexer returns one token at a time.
 */
function excessOf(text: string, allowTabs: boolean): string | undefined {
  const parser = new Parser();
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (!allowTabs && /^ *\t[ \t]*$/.test(token)) return 'it has a tab between words: use spaces';
    if (tokens > MAX_TOKENS) return `it has more than ${MAX_TOKENS} tokens`;
    for (const _document of parser.next(token));
    if (parser.stack.length > MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} deep`;
  }
  return undefined;
}

/** PyYAML's own patterns, by tag and by a word that the library's tag for the same form takes. */
const PATTERNS: readonly { readonly tag: string; readonly sample: string; readonly test: RegExp }[] = [
  // The single letters that YAML 1.1 allows stay texts: `y` is a name.
  { tag: 'bool', sample: 'yes', test: /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/ },
  { tag: 'bool', sample: 'no', test: /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/ },
  // No leading zero, and no exponent without point and sign: `08` and the commit `449e6` are texts.
  { tag: 'int', sample: '1:30', test: /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/ },
  { tag: 'int', sample: '9', test: /^[-+]?(?:0|[1-9][0-9_]*)$/ },
  { tag: 'float', sample: '1e3', test: /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)[eE][-+][0-9]+$/ },
  { tag: 'float', sample: '1.5', test: /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/ },
];

function asPyYaml(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === 'string') return tag;
    const { test } = tag as ScalarTag;
    const own = PATTERNS.find(
      (each) => tag.tag === `tag:yaml.org,2002:${each.tag}` && test?.test(each.sample),
    );
    return own ? ({ ...tag, test: own.test } as ScalarTag) : tag;
  });
}
