import { describe, expect, test } from '@jest/globals';
import { diffApplications } from '../../../../api/namespace-details/diff-application.ts';
import { aManifest, aRelease, FIAAS_YML, IMAGE, OLD_IMAGE } from '../../../support/builders.ts';

const wanted = aManifest();

function actual(overrides: { labels?: object; spec?: object; metadata?: object } = {}) {
  return {
    metadata: {
      ...wanted.metadata,
      resourceVersion: '7',
      ...overrides.metadata,
      labels: { ...wanted.metadata.labels, ...overrides.labels },
    },
    spec: { ...wanted.spec, ...overrides.spec },
  };
}

function changes(diff: ReturnType<typeof diffApplications>): string[] {
  const signs = { added: '+', removed: '-', same: '' } as const;
  return diff.hunks
    .flat()
    .flatMap(({ kind, text }) => (kind === 'same' ? [] : [`${signs[kind]} ${text.trim()}`]));
}

describe('the diff of an Application', () => {
  test('is empty if it matches the wanted one, despite additions by others and another order', () => {
    const config = Object.fromEntries(Object.entries(FIAAS_YML).reverse());

    const diff = diffApplications(
      actual({
        labels: { team: 'a' },
        metadata: { annotations: { 'a/b': 'c' }, finalizers: ['x'] },
        spec: { config, additional_labels: { global: {} } },
      }),
      wanted,
    );

    expect(diff).toEqual({ isEqual: true, hunks: [] });
  });

  test('goes from the actual to the wanted Application', () => {
    const config = { ...FIAAS_YML, replicas: { maximum: 3, minimum: 1 }, surplus: true };

    const diff = diffApplications(actual({ spec: { image: OLD_IMAGE, config } }), wanted);

    expect(diff.isEqual).toBe(false);
    expect(changes(diff)).toEqual([
      '- maximum: 3',
      '+ maximum: 1',
      '- surplus: true',
      `- image: ${OLD_IMAGE}`,
      `+ image: ${IMAGE}`,
    ]);
  });

  test('shows a few lines around each change, in hunks', () => {
    const config = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key-${index + 10}`, index]));
    const release = aRelease({ config });

    const { hunks } = diffApplications(
      actual({ spec: { config: { ...config, 'key-12': 'x', 'key-60': 'y' } } }),
      aManifest({ release }),
    );

    expect(hunks).toHaveLength(2);
    for (const hunk of hunks) expect(hunk.length).toBeLessThan(12);
  });

  test('contains the whole Application if it does not exist', () => {
    const diff = diffApplications(undefined, wanted);

    expect(changes(diff).every((line) => line.startsWith('+'))).toBe(true);
    expect(changes(diff)).toContain(`+ image: ${IMAGE}`);
  });
});
