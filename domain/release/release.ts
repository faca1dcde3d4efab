import * as z from 'zod';

import { parseJson } from '../parse-json.ts';

import { type Image, parseImage } from './image.ts';
import { parseYaml, type YamlResult } from './parse-yaml.ts';
import { invalid, ok, type Result } from './result.ts';

/** What FDD should be: an image, and the fiaas.yml it is deployed with (override merged in, nulls dropped). */
export interface Release {
  readonly image: string;
  readonly version: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The fields of `{baseurl}/fiaas-deploy-daemon/{tag}.json` that are used. */
export const ChannelMetadata = z.object({
  image: z.string().min(1),
  spec: z.string().min(1),
  // Only shown: an invalid value must not block a release.
  updated: z.string().optional().catch(undefined),
});
export type ChannelMetadata = z.infer<typeof ChannelMetadata>;

/** Metadata in hardcoded mode: its `spec` is not fetched, so it is optional. */
export const HardcodedMetadata = ChannelMetadata.extend({ spec: z.string().optional() });
export type HardcodedMetadata = z.infer<typeof HardcodedMetadata>;

export type Spec = Readonly<Record<string, unknown>>;

export function parseChannelMetadata(text: string): Result<ChannelMetadata & { parsedImage: Image }> {
  return parseMetadata(text, ChannelMetadata);
}

export function parseHardcodedMetadata(text: string): Result<HardcodedMetadata & { parsedImage: Image }> {
  return parseMetadata(text, HardcodedMetadata);
}

function parseMetadata<Metadata extends { image: string }>(
  text: string,
  schema: z.ZodType<Metadata>,
): Result<Metadata & { parsedImage: Image }> {
  const json = parseJson(text);
  if (json === undefined) return invalid('the release metadata is not JSON');
  const metadata = schema.safeParse(json);
  if (!metadata.success) return invalid(firstIssue(metadata.error));
  const image = parseImage(metadata.data.image);
  return image.ok ? ok({ ...metadata.data, parsedImage: image.value }) : image;
}

const SpecMapping = z.record(z.string(), z.unknown());

export type SpecResult = Result<Spec> & Pick<YamlResult, 'duplicateKeys'>;

/** Parses a fiaas.yml, which must be a mapping. */
export function parseSpec(text: string): SpecResult {
  const yaml = parseYaml(text);
  if (!yaml.ok) return invalid(`the file ${yaml.reason}`);
  const spec = SpecMapping.safeParse(yaml.value);
  if (!spec.success) return invalid('the spec is not a YAML mapping');
  return { ...ok(spec.data), ...(yaml.duplicateKeys && { duplicateKeys: yaml.duplicateKeys }) };
}

/** Parses `--spec-file-override`: an empty or comment-only file means no override. */
export function parseOverride(text: string): Result<Spec> {
  const yaml = parseYaml(text);
  if (!yaml.ok) return invalid(`the file ${yaml.reason}`);
  if (yaml.value === null) return ok({});
  const override = SpecMapping.safeParse(yaml.value);
  return override.success ? ok(override.data) : invalid('the override is not a YAML mapping');
}

/** Shallow, like upstream: a top-level key of the override replaces the channel's; null keys are dropped. */
export function mergeSpec(spec: Spec, override: Spec): Spec {
  const merged = { ...spec, ...override };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

export function makeRelease(image: Image, spec: Spec, override: Spec): Release {
  return { image: image.reference, version: image.tag, config: mergeSpec(spec, override) };
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  const field = issue?.path.join('.') || 'document';
  return `the release metadata's ${field}: ${issue?.message ?? 'invalid'}`;
}
