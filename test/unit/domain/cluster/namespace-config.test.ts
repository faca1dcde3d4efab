import { resolve, sep } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isTag, parseNamespaceConfig } from '../../../../domain/cluster/namespace-config.ts';
import { aConfig, aConfigMap } from '../../../support/builders.ts';

const CLUSTER_CONFIG = 'cluster_config.yaml';

function parseYaml(text: string) {
  return parseNamespaceConfig(aConfigMap({ [CLUSTER_CONFIG]: text }));
}

describe('parseNamespaceConfig', () => {
  test('defaults to "stable" without a tag', () => {
    const config = parseYaml('log-format: json');

    expect(config).toMatchObject({ ok: true, value: { tag: 'stable' } });
  });

  test.each(['latest', 'stable', '20190206110218-449abc6', 'v1.10.0', 'team_a.canary'])(
    'acceptance 3: accepts the tag %s unchanged',
    (tag) => {
      const config = parseNamespaceConfig(aConfigMap({ tag, [CLUSTER_CONFIG]: '{}' }));

      expect(config).toMatchObject({ ok: true, value: { tag } });
    },
  );

  test.each([
    '../etc/passwd',
    '..',
    '.hidden',
    'a/b',
    'a\\b',
    '%2e%2e%2fsecret',
    'a?b',
    'a#b',
    'stable.json\0',
    'stable\n',
    ' stable',
    '',
    'a..b',
    '🚀',
    'x'.repeat(129),
  ])('rejects the tag %j, which is not a valid channel file name', (tag) => {
    const config = parseNamespaceConfig(aConfigMap({ tag, [CLUSTER_CONFIG]: '{}' }));

    expect(config).toEqual({
      ok: false,
      key: 'data.tag',
      reason: expect.stringContaining('data.tag'),
    });
  });

  test('has the time at which the ConfigMap was created', () => {
    const { metadata, data } = aConfigMap({ [CLUSTER_CONFIG]: '{}' });
    const created = { ...metadata, creationTimestamp: '2026-11-29T10:00:00Z' };

    expect(parseNamespaceConfig({ metadata: created, data })).toMatchObject({
      value: { createdAt: Date.UTC(2026, 10, 29, 10) },
    });
  });

  test('deploys a namespace without cluster_config.yaml with defaults, as upstream does', () => {
    const config = parseNamespaceConfig(aConfigMap({ tag: 'latest' }));

    expect(config).toEqual({ ok: true, value: aConfig({ tag: 'latest', configDigest: '4f53cda18c2baa0c' }) });
  });

  test.each([
    ['an empty value', '', /is empty/],
    ['white space', '  \n', /is empty/],
    ['a comment only', '# nothing yet\n', /is empty/],
    ['null', 'null', /is empty/],
    ['a list', '- a\n- b\n', /a list/],
    ['a text', 'just words', /a string/],
    ['a number', '42', /a number/],
    ['invalid YAML', 'a: [1,\nb: }', /not valid YAML/],
    ['two documents', 'a: 1\n---\nb: 2\n', /not valid YAML/],
    [
      'an alias bomb',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefg'.replace(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(10)}]\n`)}`,
      /not valid YAML/,
    ],
  ])('acceptance 2: reports what is wrong with %s', (_what, text, reason) => {
    const config = parseYaml(text);

    expect(config).toEqual({
      ok: false,
      key: 'data.cluster_config.yaml',
      reason: expect.stringMatching(reason),
    });
  });

  test.each([
    [' stable', 'write "stable"'],
    ['stable\n', 'write "stable"'],
    ['\tv1.10.0 ', 'write "v1.10.0"'],
  ])('says what is wrong with the tag %j', (tag, remedy) => {
    const config = parseNamespaceConfig(aConfigMap({ tag, [CLUSTER_CONFIG]: '{}' }));

    expect(config).toEqual({
      ok: false,
      key: 'data.tag',
      reason: `ConfigMap team-a/fiaas-deploy-daemon: data.tag ${JSON.stringify(tag)} has white space around it: ${remedy}`,
    });
  });

  test.each(['tag', CLUSTER_CONFIG])('says that %s is in binaryData', (key) => {
    const binaryData = { [key]: '//5hAA==' };
    const onlyBinary = parseNamespaceConfig({ ...aConfigMap(undefined), binaryData });
    const beside = parseNamespaceConfig({ ...aConfigMap({ other: 'x' }), binaryData });

    const reason = expect.stringContaining(`${key} is in binaryData`);
    expect(onlyBinary).toEqual({ ok: false, key: `data.${key}`, reason });
    expect(beside).toEqual(onlyBinary);
  });

  test('leaves other keys of binaryData alone', () => {
    const config = parseNamespaceConfig({
      ...aConfigMap({ [CLUSTER_CONFIG]: '{}' }),
      binaryData: { logo: 'AA==' },
    });

    expect(config.ok).toBe(true);
  });

  test('takes the last of duplicate keys as FDD does, with a warning', () => {
    const twice = parseYaml('environment: test\nenvironment: prod\n');
    const once = parseYaml('environment: prod\n');

    expect(digestOf(twice)).toBe(digestOf(once));
    expect(twice.ok && twice.value.warnings).toEqual([
      'ConfigMap team-a/fiaas-deploy-daemon: data.cluster_config.yaml has "environment" more than once: FDD reads the last one',
    ]);
    expect(once.ok && once.value.warnings).toBeUndefined();
  });

  test('acceptance 2: reports missing data', () => {
    const config = parseNamespaceConfig(aConfigMap(undefined));

    expect(config).toEqual({
      ok: false,
      key: 'data.cluster_config.yaml',
      reason: 'ConfigMap team-a/fiaas-deploy-daemon has no data: add data.cluster_config.yaml',
    });
  });

  test.each([
    ['true', true],
    ['"true"', true],
    ['True', true],
    ['TRUE', true],
    ['yes', true],
    ['Yes', true],
    ['1', true],
    ['"1"', true],
    ['false', false],
    // Upstream reads switches by truthiness and would treat this one as on.
    ['"false"', false],
    ['no', false],
    ['0', false],
    ['""', false],
    ['null', false],
    ['[]', false],
  ])('reads the switch %s as %s', (word, on) => {
    const config = parseYaml(`enable-service-account-per-app: ${word}\nuse-networkingv1-ingress: ${word}\n`);

    expect(config).toMatchObject({
      ok: true,
      value: { enableServiceAccountPerApp: on, useNetworkingV1Ingress: on },
    });
  });

  // Upstream and FDD read this file with PyYAML, which follows YAML 1.1.
  test.each(['on', 'On', 'ON'])('reads the switch %s as FDD does: it is true in YAML 1.1', (word) => {
    const config = parseYaml(`use-networkingv1-ingress: ${word}\n`);

    expect(config).toMatchObject({ ok: true, value: { useNetworkingV1Ingress: true } });
  });

  test('leaves both switches off by default', () => {
    const config = parseYaml('ingress-suffixes: [example.com]');

    expect(config).toMatchObject({
      ok: true,
      value: { enableServiceAccountPerApp: false, useNetworkingV1Ingress: false },
    });
  });

  test('reads emoji and other Unicode', () => {
    const config = parseYaml('environment: "🚀 prod-ø"\nlog-format: json\n');

    expect(digestOf(config)).toBe(
      digestOf(parseYaml('environment: "\\U0001F680 prod-\\xf8"\nlog-format: json')),
    );
    expect(digestOf(config)).not.toBe(digestOf(parseYaml('environment: " prod-ø"\nlog-format: json')));
  });

  test.each([
    ['a comment', 'a: 1\nb: [1, {c: 2, d: 3}]\n# why\n', true],
    ['the order of keys', 'b: [1, {d: 3, c: 2}]\na: 1', true],
    ['a value', 'a: 2\nb: [1, {c: 2, d: 3}]', false],
    ['a type', 'a: "1"\nb: [1, {c: 2, d: 3}]', false],
    ['a value deep inside', 'a: 1\nb: [1, {c: 2, d: 4}]', false],
    ['the order of a list', 'a: 1\nb: [{c: 2, d: 3}, 1]', false],
    ['a key', 'a: 1', false],
  ])('acceptance 9: detects if %s changes the configuration', (_what, text, isSame) => {
    const digest = digestOf(parseYaml('a: 1\nb: [1, {c: 2, d: 3}]'));

    expect(digest).toMatch(/^[0-9a-f]{16}$/);
    expect(digestOf(parseYaml(text)) === digest).toBe(isSame);
  });

  test('has no digest for a ConfigMap with another name, which FDD does not mount', () => {
    const config = parseNamespaceConfig(
      aConfigMap({ [CLUSTER_CONFIG]: 'environment: test' }, { name: 'fdd-labelled' }),
    );

    expect(config).toMatchObject({ ok: true, value: { configMap: 'fdd-labelled' } });
    expect(digestOf(config)).toBeUndefined();
  });

  function digestOf(config: ReturnType<typeof parseNamespaceConfig>): string | undefined {
    return config.ok ? config.value.configDigest : config.reason;
  }

  test('never throws, for any ConfigMap', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'ab:-[]{}&*!|>%@#"\'\n \t,1.~?<=') }),
      fc.json(),
    );

    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), fc.option(text, { nil: undefined }), (yaml, tag) => {
        const data = {
          ...(yaml === undefined ? {} : { [CLUSTER_CONFIG]: yaml }),
          ...(tag === undefined ? {} : { tag }),
        };
        const config = parseNamespaceConfig(aConfigMap(data));
        if (config.ok) expect(isTag(config.value.tag)).toBe(true);
        else expect(config.reason).toContain('team-a/fiaas-deploy-daemon');
      }),
      { numRuns: 200 },
    );
  });
});

describe('isTag', () => {
  test('accepts no tag that escapes the channel folder, in a path or a URL', () => {
    const base = resolve('/srv/releases/fiaas-deploy-daemon');
    const hostile = fc.string({ unit: fc.constantFrom(...'a1./\\%2eF:?#&;+_-~\0\n ') });

    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (tag) => {
        if (!isTag(tag)) return;
        expect(resolve(base, `${tag}.json`)).toBe(`${base}${sep}${tag}.json`);
        const url = new URL(`https://example.com/releases/fiaas-deploy-daemon/${tag}.json`);
        expect(url.pathname).toBe(`/releases/fiaas-deploy-daemon/${tag}.json`);
        expect(url.search + url.hash).toBe('');
      }),
      { numRuns: 500 },
    );
  });
});
