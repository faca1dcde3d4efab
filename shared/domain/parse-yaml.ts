import { parse, type ScalarTag, type Tags } from 'yaml';
import { invalid, ok, type Result } from './result.ts';

/** More aliases than any honest document has. */
const MAX_ALIASES = 100;

/**
 * Reads YAML 1.1, as upstream and FDD do (PyYAML): `on` is true, `<<` merges. What JSON has no form for (a timestamp)
 * becomes what JSON makes of it.
 */
export function parseYaml(text: string): Result<unknown> {
  try {
    const parsed: unknown = parse(text, {
      version: '1.1',
      merge: true,
      customTags: asPyYaml,
      maxAliasCount: MAX_ALIASES,
    });
    return ok(parsed === undefined ? null : JSON.parse(JSON.stringify(parsed)));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return invalid(`is not valid YAML: ${reason}`);
  }
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
