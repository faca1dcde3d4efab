import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  makeRelease,
  mergeSpec,
  parseChannelMetadata,
  parseHardcodedMetadata,
  parseOverride,
  parseSpec,
} from '../../../../domain/release/release.ts';
import { FIAAS_YML, IMAGE, VERSION } from '../../../support/builders.ts';

const SPEC_URL = `https://fiaas.github.io/releases/artifacts/${VERSION}/fiaas.yml`;
const PUBLISHED = {
  image: IMAGE,
  build: 'https://fiaas.semaphoreci.com/jobs/926236d2-e671-40d3-bae2-208eb75aa8fe',
  commit: 'https://github.com/fiaas/fiaas-deploy-daemon/commit/eef68a865aa9e3fe3b6d4b0e7525d2b3a2a4d20a',
  spec: SPEC_URL,
  updated: '2022-08-16T08:59:10+00:00',
};

describe('parseChannelMetadata', () => {
  test('reads actually published metadata', () => {
    const metadata = parseChannelMetadata(JSON.stringify(PUBLISHED));

    expect(metadata).toMatchObject({
      ok: true,
      value: { image: IMAGE, spec: SPEC_URL, parsedImage: { tag: VERSION } },
    });
  });

  test('needs only image and spec', () => {
    const metadata = parseChannelMetadata(JSON.stringify({ image: IMAGE, spec: SPEC_URL }));

    expect(metadata.ok).toBe(true);
  });

  test.each([
    ['an unknown key', { ...PUBLISHED, signature: { alg: 'none' } }],
    ['a build number instead of a URL', { ...PUBLISHED, build: 4711 }],
    ['a null commit', { ...PUBLISHED, commit: null }],
  ])('ignores %s, which it does not use', (_what, json) => {
    const metadata = parseChannelMetadata(JSON.stringify(json));

    expect(metadata.ok).toBe(true);
  });

  test.each([
    ['text that is not JSON', '<html>', /not JSON/],
    ['an empty body', '', /not JSON/],
    ['half of a JSON', JSON.stringify(PUBLISHED).slice(0, 40), /not JSON/],
    ['a list', '[]', /document/],
    ['null', 'null', /document/],
    ['a missing image', JSON.stringify({ spec: SPEC_URL }), /image/],
    ['an empty image', JSON.stringify({ image: '', spec: SPEC_URL }), /image/],
    ['an image that is a number', JSON.stringify({ image: 1, spec: SPEC_URL }), /image/],
    ['a missing spec', JSON.stringify({ image: IMAGE }), /spec/],
    ['an image without a tag', JSON.stringify({ image: 'fiaas/fdd', spec: SPEC_URL }), /no tag/],
    ['a digest', JSON.stringify({ image: `fdd@sha256:${'0'.repeat(64)}`, spec: SPEC_URL }), /digest/],
  ])('rejects %s with a reason', (_what, text, reason) => {
    const metadata = parseChannelMetadata(text);

    expect(metadata).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        expect(typeof parseChannelMetadata(text).ok).toBe('boolean');
      }),
    );
  });
});

describe('parseHardcodedMetadata', () => {
  test('needs only an image: its spec is not fetched', () => {
    const metadata = parseHardcodedMetadata(JSON.stringify({ image: IMAGE }));

    expect(metadata).toMatchObject({ ok: true, value: { parsedImage: { tag: VERSION } } });
  });

  test('refuses metadata without an image', () => {
    const metadata = parseHardcodedMetadata('{}');

    expect(metadata).toEqual({ ok: false, reason: expect.stringContaining('image') });
  });
});

describe('parseSpec', () => {
  test('reads the published fiaas.yml, including comments', () => {
    const text = `# Copyright 2017-2019 The FIAAS Authors
version: 3
admin_access: true
replicas:
  maximum: 1
  minimum: 1
resources:
  requests:
    memory: 128Mi
ports:
  - target_port: 5000
healthchecks:
  liveness:
    http:
      path: /healthz
metrics:
  prometheus:
    path: /internal-backstage/prometheus
`;

    const spec = parseSpec(text);

    expect(spec).toEqual({ ok: true, value: FIAAS_YML });
  });

  test.each([
    ['an empty file', ''],
    ['a list', '- a'],
    ['a text', 'hello'],
    ['invalid YAML', 'a: ]'],
  ])('refuses %s', (_what, text) => {
    expect(parseSpec(text)).toEqual({ ok: false, reason: expect.any(String) });
  });

  // Upstream reads this file with PyYAML and passes the result to FDD: other values would change what runs.
  test.each([
    ['the switch words of YAML 1.1', 'admin_access: no\nb: {c: on}', { admin_access: false, b: { c: true } }],
    ['merge keys', 'p: &p {a: 1}\nq: {<<: *p, b: 2}', { p: { a: 1 }, q: { a: 1, b: 2 } }],
  ])('reads %s like upstream', (_what, text, value) => {
    expect(parseSpec(text)).toEqual({ ok: true, value });
  });

  test('never throws, and returns a mapping or a reason', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>%@#"\'\n \t,1.~?<') });

    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (yaml) => {
        const spec = parseSpec(yaml);
        if (spec.ok) expect(Array.isArray(spec.value)).toBe(false);
        else expect(spec.reason).not.toBe('');
      }),
    );
  });
});

describe('parseOverride', () => {
  test.each([
    ['an empty file', ''],
    ['a comment only', '# replicas: 2\n'],
    ['null', '~'],
  ])('treats %s as no override', (_what, text) => {
    expect(parseOverride(text)).toEqual({ ok: true, value: {} });
  });

  test('reads a mapping', () => {
    expect(parseOverride('replicas: {minimum: 2}')).toEqual({
      ok: true,
      value: { replicas: { minimum: 2 } },
    });
  });

  test.each([
    ['a list', '- a'],
    ['a text', 'hello'],
    ['invalid YAML', 'a: {'],
  ])('refuses %s', (_what, text) => {
    expect(parseOverride(text).ok).toBe(false);
  });
});

describe('mergeSpec', () => {
  test('replaces whole top-level keys, and adds new ones', () => {
    const merged = mergeSpec(FIAAS_YML, { resources: { limits: { cpu: '1' } }, extensions: { a: 1 } });

    expect(merged).toEqual({
      ...FIAAS_YML,
      resources: { limits: { cpu: '1' } },
      extensions: { a: 1 },
    });
  });

  test("drops a channel's key that the override sets to null", () => {
    const merged = mergeSpec(FIAAS_YML, { metrics: null });

    expect(Object.keys(merged)).toEqual(Object.keys(FIAAS_YML).filter((key) => key !== 'metrics'));
  });

  test('drops null keys of the channel itself', () => {
    expect(mergeSpec({ a: null, b: 1 }, {})).toEqual({ b: 1 });
  });

  test('keeps false, zero and empty values', () => {
    const spec = { a: false, b: 0, c: '', d: [], e: {} };

    expect(mergeSpec(spec, {})).toEqual(spec);
  });

  test('has no top-level null, has every key of the override, and changes neither input', () => {
    const mapping = fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.constant(null), fc.jsonValue()));

    fc.assert(
      fc.property(mapping, mapping, (spec, override) => {
        const before = JSON.stringify([spec, override]);
        const merged = mergeSpec(spec, override);
        expect(Object.values(merged)).not.toContain(null);
        for (const [key, value] of Object.entries(override)) {
          if (value !== null) expect(merged[key]).toBe(value);
        }
        expect(JSON.stringify([spec, override])).toBe(before);
      }),
    );
  });
});

describe('makeRelease', () => {
  test('freezes the image, its version and the merged spec', () => {
    const image = { reference: IMAGE, repository: 'fiaas/fiaas-deploy-daemon', tag: VERSION };

    const release = makeRelease(image, FIAAS_YML, { admin_access: false });

    expect(release).toEqual({
      image: IMAGE,
      version: VERSION,
      config: { ...FIAAS_YML, admin_access: false },
    });
  });
});
