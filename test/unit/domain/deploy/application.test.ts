import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  applicationManifest,
  configPatch,
  differenceFrom,
  hasSurplusConfig,
} from '../../../../domain/deploy/application.ts';
import { contentDigest } from '../../../../domain/release/content-digest.ts';
import { anApplication, aRelease, FIAAS_YML, IMAGE, OLD_IMAGE, OUR_ID } from '../../../support/builders.ts';
import { mergePatch } from '../../../support/fake-namespace.ts';

describe('applicationManifest', () => {
  test("acceptance 5: is exactly upstream's body", () => {
    const manifest = applicationManifest({ namespace: 'team-a' }, aRelease(), { deploymentId: OUR_ID });

    expect(manifest).toStrictEqual({
      apiVersion: 'fiaas.schibsted.io/v1',
      kind: 'Application',
      metadata: {
        name: 'fiaas-deploy-daemon',
        namespace: 'team-a',
        finalizers: [],
        ownerReferences: [],
        labels: {
          app: 'fiaas-deploy-daemon',
          heritage: 'FIAAS-Skipper',
          'fiaas/bootstrap': 'true',
          'fiaas/deployment_id': OUR_ID,
        },
      },
      spec: { application: 'fiaas-deploy-daemon', image: IMAGE, config: FIAAS_YML },
    });
  });
});

describe('the annotations of a write', () => {
  const origin = { rolloutId: 'rollout-1', generation: 7, release: '0123456789abcdef' };

  test('name the rollout, the generation and the release, and a digest of what was written', () => {
    const { metadata } = applicationManifest({ namespace: 'team-a', configDigest: 'digest' }, aRelease(), {
      deploymentId: OUR_ID,
      origin,
    });

    expect(metadata.annotations).toEqual({
      'fiaas-skipper/config-digest': 'digest',
      'skipper.fiaas.io/rollout': 'rollout-1',
      'skipper.fiaas.io/generation': '7',
      'skipper.fiaas.io/release': '0123456789abcdef',
      'skipper.fiaas.io/content': contentDigest(aRelease()),
    });
  });

  test('have the same digest whatever the order of the keys', () => {
    const config = { b: { d: [1, 2], c: null }, a: 'x' };
    const sorted = { a: 'x', b: { c: null, d: [1, 2] } };

    expect(contentDigest({ image: IMAGE, config })).toBe(contentDigest({ image: IMAGE, config: sorted }));
    expect(contentDigest({ image: IMAGE, config })).not.toBe(contentDigest({ image: OLD_IMAGE, config }));
    expect(contentDigest({ image: IMAGE, config })).not.toBe(
      contentDigest({ image: IMAGE, config: { ...config, b: { d: [2, 1], c: null } } }),
    );
  });
});

describe('differenceFrom', () => {
  test.each([
    ['there is no Application', undefined, 'there is no Application'],
    ['its image differs', anApplication({ image: OLD_IMAGE }), `image is ${OLD_IMAGE}`],
    ['its config lacks a key', anApplication({ config: { version: 3 } }), 'spec.config differs'],
    [
      'its config has an additional key',
      anApplication({ config: { ...FIAAS_YML, extra: 1 } }),
      'spec.config differs',
    ],
    [
      'its config differs deep inside',
      anApplication({ config: { ...FIAAS_YML, ports: [{ target_port: 5001 }] } }),
      'spec.config differs',
    ],
  ])('gives the reason if %s', (_what, application, reason) => {
    expect(differenceFrom(application, aRelease())).toBe(reason);
  });

  test('acceptance 6: gives no reason if image and config match, in any order', () => {
    const config = Object.fromEntries(Object.entries(FIAAS_YML).reverse());

    expect(differenceFrom(anApplication({ config }), aRelease())).toBeUndefined();
  });

  test('acceptance 17: distinguishes registries with a port, and their tags', () => {
    const image = 'registry:5000/fiaas/fdd:v1';
    const release = aRelease({ image, version: 'v1' });

    expect(differenceFrom(anApplication({ image }), release)).toBeUndefined();
    expect(differenceFrom(anApplication({ image: 'registry:5001/fiaas/fdd:v1' }), release)).toBeDefined();
  });
});

describe('hasSurplusConfig', () => {
  test.each([
    ['no keys', {}, { a: 1 }, false],
    ['the same keys', { a: { b: 1 } }, { a: { b: 1 } }, false],
    ['fewer keys', { a: {} }, { a: { b: 1 } }, false],
    ['another value', { a: 1 }, { a: 2 }, false],
    ['another list: apply replaces lists as a whole', { a: [1, 2, 3] }, { a: [1] }, false],
    ['an additional key', { a: 1, b: 2 }, { a: 1 }, true],
    ['an additional key deep inside', { a: { b: { c: 1, d: 2 } } }, { a: { b: { c: 1 } } }, true],
    ['a mapping instead of a value', { a: { b: 1 } }, { a: 1 }, true],
    ['a mapping instead of a list', { a: { b: 1 } }, { a: [1] }, true],
    ['a value instead of a mapping', { a: 1 }, { a: { b: 1 } }, false],
    ['an additional null key', { a: 1, b: null }, { a: 1 }, true],
    ['a key named like a method of every object', { toString: 'x' }, {}, true],
    ['a key named constructor', { a: { constructor: 'x' } }, { a: {} }, true],
  ])('decides whether a stored config has surplus keys: %s', (_what, stored, wanted, surplus) => {
    expect(hasSurplusConfig(stored, wanted)).toBe(surplus);
  });

  test('is false only if server-side apply alone results in the wanted config', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'toString');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(
        key,
        fc.oneof({ depthSize: 'small' }, fc.integer(), fc.array(fc.integer(), { maxLength: 3 }), tie('tree')),
        { noNullPrototype: true },
      ),
    }));

    fc.assert(
      fc.property(tree, tree, (stored, wanted) => {
        expect(hasSurplusConfig(stored, wanted)).toBe(!sameJson(applied(stored, wanted), wanted));
      }),
      { numRuns: 200 },
    );
  });
});

describe('configPatch', () => {
  test('removes surplus keys, and replaces everything else', () => {
    const patch = configPatch({ a: 1, b: { c: 1, d: [1] }, e: { f: 1 } }, { b: { d: [2] }, e: 'x', g: {} });

    expect(patch).toEqual({ a: null, b: { c: null, d: [2] }, e: 'x', g: {} });
  });

  test('turns any stored config into any wanted one, as a JSON merge patch', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'toString');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(
        key,
        fc.oneof({ depthSize: 'small' }, fc.integer(), fc.array(fc.integer(), { maxLength: 3 }), tie('tree')),
        { noNullPrototype: true },
      ),
    }));

    fc.assert(
      fc.property(tree, tree, (stored, wanted) => {
        const config = wanted as Record<string, unknown>;
        expect(sameJson(mergePatch(stored, configPatch(stored, config)), config)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  // A merge patch cannot set null; the rest is not surplus, so the next plan applies it.
  test('leaves a null deep inside the wanted config to the apply that follows', () => {
    const stored = { old: 1, a: {} };
    const wanted = { a: { b: null, c: 1 } };

    const patched = mergePatch(stored, configPatch(stored, wanted));

    expect(patched).toEqual({ a: { c: 1 } });
    expect(hasSurplusConfig(patched, wanted)).toBe(false);
  });
});

/** Server-side apply over fields of another owner: mappings are merged, everything else is replaced. */
function applied(stored: unknown, wanted: unknown): unknown {
  if (!isMapping(wanted) || !isMapping(stored)) {
    // A mapping of another owner is not replaced as a whole: its keys stay, and the apply is refused or merged.
    return isMapping(stored) && Object.keys(stored).length > 0 ? { kept: stored } : wanted;
  }
  const merged = new Map<string, unknown>(Object.entries(stored));
  for (const [key, value] of Object.entries(wanted)) {
    merged.set(key, merged.has(key) ? applied(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (!isMapping(value)) return value;
  return Object.entries(value)
    .map(([key, each]) => [key, sorted(each)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
