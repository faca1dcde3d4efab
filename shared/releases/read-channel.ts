import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SkipperError } from '../../domain/errors.ts';
import { parseChannelMetadata, parseSpec } from '../../domain/release/release.ts';
import { withoutCredentials } from '../url-credentials.ts';
import {
  beginningOf,
  type Document,
  directoryOf,
  type FetchOptions,
  fetchDocument,
  locateInDirectory,
  readDocument,
  type Validators,
} from './fetch-document.ts';
import type { KeptChannel } from './kept-channel.ts';
import { orThrow } from './or-throw.ts';

/** The spec of an unchanged release is read again after this long: its URL can serve a new version. */
const SPEC_MAX_AGE_MS = 600_000;

/** Where the documents of release channels are: on a server, or in a folder. */
export interface ChannelDocuments {
  /** Without a trailing slash. */
  readonly base: string;
  metadata(tag: string, validators: Validators): Promise<Document>;
  spec(specUrl: string, validators: Validators): Promise<Document>;
}

export function openChannelDocuments(baseUrl: string, options: FetchOptions): ChannelDocuments {
  const directory = directoryOf(baseUrl);
  const base = (directory === undefined ? withoutCredentials(baseUrl) : baseUrl).replace(/\/$/, '');
  const nameOf = (tag: string) => `fiaas-deploy-daemon/${tag}.json`;
  if (directory !== undefined) {
    return {
      base,
      metadata: async (tag, validators) => {
        const document = await readDocument(directory, nameOf(tag), validators);
        if (document.kind === 'absent') assertMirror(join(directory, dirname(nameOf(tag))));
        return document;
      },
      spec: (specUrl, validators) =>
        readDocument(directory, locateInDirectory(directory, specUrl), validators),
    };
  }
  return {
    base,
    metadata: (tag, validators) => fetchDocument(`${base}/${nameOf(tag)}`, validators, options),
    spec: async (specUrl, validators) => {
      if (!/^https?:\/\//i.test(specUrl)) {
        throw new SkipperError('invalid_release', `spec ${specUrl} is not an http or https URL`);
      }
      options.egress.assertSpecAllowed(specUrl);
      return fetchDocument(specUrl, validators, options);
    },
  };
}

/** A folder that is not mounted does not mean that its channels do not exist. */
function assertMirror(folder: string): void {
  if (existsSync(folder)) return;
  throw new SkipperError('release_source_unavailable', `release source ${folder}: the folder does not exist`);
}

/** Reads the channel's current state; throws if it cannot. */
export async function readChannel(
  documents: ChannelDocuments,
  tag: string,
  last: KeptChannel | undefined,
  now: () => number,
): Promise<KeptChannel> {
  const answer = await documents.metadata(tag, last?.validators ?? {});
  if (answer.kind === 'absent') {
    throw new SkipperError('release_unknown', `release channel "${tag}" does not exist at ${documents.base}`);
  }
  const metadataText = answer.kind === 'content' ? answer.text : (last?.metadataText ?? '');
  const metadata = orThrow(parseChannelMetadata(metadataText), `release channel "${tag}"${shownOf(answer)}`);
  const isSameSpec =
    last !== undefined && last.metadata.spec === metadata.spec && last.metadata.image === metadata.image;
  const spec =
    isSameSpec && now() - last.specReadAt < SPEC_MAX_AGE_MS
      ? last
      : await readSpec(documents, metadata.spec, isSameSpec ? last : undefined, now);
  return {
    metadata: { image: metadata.image, spec: metadata.spec, updated: metadata.updated },
    metadataText,
    specText: spec.specText,
    validators: answer.kind === 'content' ? answer.validators : (last?.validators ?? {}),
    specValidators: spec.specValidators,
    specReadAt: spec.specReadAt,
    checkedAt: now(),
  };
}

/** The beginning of a refused document, so that it can be recognised. */
function shownOf(answer: Document): string {
  if (answer.kind !== 'content') return '';
  const type = answer.contentType === undefined ? '' : `${answer.contentType}, `;
  return ` (${type}beginning ${JSON.stringify(beginningOf(answer.text))})`;
}

async function readSpec(
  documents: ChannelDocuments,
  specUrl: string,
  last: KeptChannel | undefined,
  now: () => number,
): Promise<Pick<KeptChannel, 'specText' | 'specValidators' | 'specReadAt'>> {
  const answer = await documents.spec(specUrl, last?.specValidators ?? {});
  if (answer.kind === 'absent') throw new SkipperError('not_found', `spec ${specUrl} does not exist`);
  if (answer.kind === 'not-modified' && last) return { ...last, specReadAt: now() };
  const specText = answer.kind === 'content' ? answer.text : '';
  orThrow(parseSpec(specText), `spec ${specUrl}${shownOf(answer)}`);
  return {
    specText,
    specValidators: answer.kind === 'content' ? answer.validators : {},
    specReadAt: now(),
  };
}
