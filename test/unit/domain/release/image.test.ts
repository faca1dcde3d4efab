import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseImage, versionOf } from '../../../../domain/release/image.ts';

describe('parseImage', () => {
  test.each([
    [
      'fiaas/fiaas-deploy-daemon:20220808113256-eef68a8',
      'fiaas/fiaas-deploy-daemon',
      '20220808113256-eef68a8',
    ],
    ['fiaas/fiaas-deploy-daemon:v1.10.0', 'fiaas/fiaas-deploy-daemon', 'v1.10.0'],
    ['fdd:1', 'fdd', '1'],
    [
      'registry:5000/fiaas/fiaas-deploy-daemon:20220808113256-eef68a8',
      'registry:5000/fiaas/fiaas-deploy-daemon',
      '20220808113256-eef68a8',
    ],
    ['localhost:5000/fdd:v1.10.0', 'localhost:5000/fdd', 'v1.10.0'],
    ['10.0.0.1:443/a/b/c/fdd:a_b.c-d', '10.0.0.1:443/a/b/c/fdd', 'a_b.c-d'],
    [`fdd:${'a'.repeat(63)}`, 'fdd', 'a'.repeat(63)],
  ])('acceptance 17: reads %s', (reference, repository, tag) => {
    const image = parseImage(reference);

    expect(image).toEqual({ ok: true, value: { reference, repository, tag } });
  });

  test.each([
    ['an image without a tag', 'fiaas/fiaas-deploy-daemon', /has no tag/],
    ["a registry's port instead of a tag", 'registry:5000/fiaas/fiaas-deploy-daemon', /has no tag/],
    ['a digest', `fiaas/fdd@sha256:${'a'.repeat(64)}`, /digest/],
    ['a tag with a digest', `fiaas/fdd:v1@sha256:${'a'.repeat(64)}`, /digest/],
    ['an empty tag', 'fiaas/fdd:', /label/],
    ['a tag of 64 characters', `fdd:${'a'.repeat(64)}`, /label/],
    ['a tag that ends in a dot', 'fdd:v1.', /label/],
    ['a tag that ends in an underscore', 'fdd:v1_', /label/],
    ['a tag that begins with a dash', 'fdd:-v1', /label/],
    ['a tag with a plus', 'fdd:v1+build', /label/],
    ['an empty text', '', /empty/],
    ['whitespace around the image', ' fdd:v1', /whitespace/],
    ['a line break in the image', 'fdd:v1\nx', /whitespace/],
    ['a tag without a repository', ':v1', /no tag/],
  ])('acceptance 17: rejects %s with a reason', (_what, reference, reason) => {
    const image = parseImage(reference);

    expect(image).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test('never throws, and an accepted reference equals its parts', () => {
    const piece = fc.string({ unit: fc.constantFrom(...'ab09.-_/:@ \n\u00e9'), maxLength: 80 });

    fc.assert(
      fc.property(fc.oneof(piece, fc.string({ unit: 'binary' })), (reference) => {
        const image = parseImage(reference);
        if (!image.ok) return expect(image.reason).not.toBe('');
        expect(`${image.value.repository}:${image.value.tag}`).toBe(reference);
        expect(image.value.tag).toMatch(/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/);
        expect(reference).not.toMatch(/[\s@]/);
      }),
    );
  });

  test('parses every valid repository and tag', () => {
    const host = fc.constantFrom('', 'registry:5000/', 'ghcr.io/', 'localhost:80/team/');
    const name = fc.stringMatching(/^[a-z0-9]{1,10}$/);
    const tag = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);

    fc.assert(
      fc.property(host, name, tag, (prefix, base, version) => {
        const image = parseImage(`${prefix}${base}:${version}`);
        expect(image).toMatchObject({ ok: true, value: { repository: `${prefix}${base}`, tag: version } });
      }),
    );
  });
});

describe('versionOf', () => {
  test.each([
    ['fiaas/fdd:v1.10.0', 'v1.10.0'],
    ['registry:5000/fiaas/fdd:v1.10.0', 'v1.10.0'],
    ['registry:5000/fiaas/fdd', 'fdd'],
    ['fdd', 'fdd'],
    ['', ''],
  ])('acceptance 17: shows %j as %j', (reference, version) => {
    expect(versionOf(reference)).toBe(version);
  });
});
