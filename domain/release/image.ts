import { invalid, ok, type Result } from './result.ts';

export interface Image {
  /** The full reference: `registry:5000/fiaas/fiaas-deploy-daemon:20220808113256-eef68a8`. */
  readonly reference: string;
  readonly repository: string;
  /** FDD writes it into the label `fiaas/version`. */
  readonly tag: string;
}

/**
 * Parses an image reference by FDD's rules: the text after the last colon becomes a label, so it must be a tag (not a
 * registry's port) and a valid label value, and a digest cannot be used.
 */
export function parseImage(reference: string): Result<Image> {
  if (reference.trim() !== reference || reference === '' || /\s/.test(reference)) {
    return invalid(`image ${JSON.stringify(reference)} is empty or contains whitespace: use repository:tag`);
  }
  if (reference.includes('@')) {
    return invalid(`image ${reference} has a digest, which FDD cannot deploy: use repository:tag`);
  }
  const colon = reference.lastIndexOf(':');
  if (colon <= 0 || colon < reference.lastIndexOf('/')) {
    return invalid(`image ${reference} has no tag: use repository:tag`);
  }
  const tag = reference.slice(colon + 1);
  if (tag === '' || !isLabelValue(tag)) {
    return invalid(
      `image ${reference}: tag "${tag}" is not a valid label value (63 letters, digits, '.', '_', '-'), which FDD needs`,
    );
  }
  return ok({ reference, repository: reference.slice(0, colon), tag });
}

/** The version to show for an image, even for one that Skipper would not deploy. */
export function versionOf(reference: string): string {
  const image = parseImage(reference);
  return image.ok ? image.value.tag : reference.slice(reference.lastIndexOf('/') + 1);
}

const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** True for a valid Kubernetes label value: at most 63 characters, no colon, no slash. */
export function isLabelValue(value: string): boolean {
  return LABEL_VALUE.test(value);
}
