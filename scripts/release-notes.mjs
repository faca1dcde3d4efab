// `node scripts/release-notes.mjs v1.2.3` prints that version's section of CHANGELOG.md, and fails where the version is
// not the one of package.json, or has no section: a tag that was set by mistake releases nothing.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The text below `## 1.2.3` (whatever follows the version on that line), up to the next heading of that level. */
export function releaseNotes(changelog, version) {
  const lines = changelog.split('\n');
  const isHeading = (line) => line.startsWith('## ');
  const begin = lines.findIndex((line) => isHeading(line) && line.split(/[\s[\]]+/).includes(version));
  if (begin < 0) return undefined;
  const length = lines.slice(begin + 1).findIndex(isHeading);
  return lines
    .slice(begin + 1, length < 0 ? undefined : begin + 1 + length)
    .join('\n')
    .trim();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv[2] ?? '');

function main(tag) {
  const root = new URL('../', import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  if (tag !== `v${version}`) fail(`the tag is ${tag || 'missing'}, and package.json says ${version}`);
  const notes = releaseNotes(readFileSync(new URL('CHANGELOG.md', root), 'utf8'), version);
  if (!notes) fail(`CHANGELOG.md says nothing below "## ${version}"`);
  console.log(notes);
}

function fail(reason) {
  console.error(`release-notes: ${reason}`);
  process.exit(1);
}
