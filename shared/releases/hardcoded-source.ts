import { readFile } from 'node:fs/promises';
import { messageOf, SkipperError } from '../../domain/errors.ts';
import { makeRelease, parseHardcodedMetadata, parseSpec, type Spec } from '../../domain/release/release.ts';
import { orThrow } from './or-throw.ts';
import type { ReleaseSource } from './release-source.ts';

/** Hardcoded mode: one release for every tag, from a setting and a file; nothing is fetched. */
export async function createHardcodedSource(
  metadataJson: string,
  specFile: string,
  override: Spec,
): Promise<ReleaseSource> {
  const metadata = orThrow(parseHardcodedMetadata(metadataJson), '--release-channel-metadata');
  const specText = await readFile(specFile, 'utf8').catch((error: unknown) => {
    throw new SkipperError(
      'invalid_release',
      `--release-channel-metadata-spec ${specFile} cannot be read: ${messageOf(error)}`,
    );
  });
  const spec = orThrow(parseSpec(specText), `--release-channel-metadata-spec ${specFile}`);
  const release = makeRelease(metadata.parsedImage, spec, override);
  return {
    problems: () => [],
    resolve: async (tags) =>
      new Map(
        [...new Set(tags)].map((tag) => [
          tag,
          { tag, release, problem: undefined, checkedAt: Date.now(), updated: metadata.updated },
        ]),
      ),
  };
}
