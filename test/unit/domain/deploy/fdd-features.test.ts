import { describe, expect, test } from '@jest/globals';
import { supportsArgument } from '../../../../domain/deploy/fdd-features.ts';

describe('supportsArgument', () => {
  test.each([
    ['--enable-crd-support', '20171031235959-abc', '20171101000000-abc'],
    ['--enable-service-account-per-app', '20200831235959-abc', '20200901000000-abc'],
    ['--use-networkingv1-ingress', '20211031235959-abc', '20211101000000-abc'],
    ['--use-apiextensionsv1-crd', '20220131235959-abc', '20220201000000-abc'],
  ] as const)('supports %s from its month on', (argument, before, since) => {
    expect(supportsArgument(before, argument)).toBe(false);
    expect(supportsArgument(since, argument)).toBe(true);
  });

  test.each(['v1.10.0', 'latest', '2022', '20220101-abc', '20170101000000'])(
    'treats version %s, which has no build time, as new',
    (version) => {
      expect(supportsArgument(version, '--use-apiextensionsv1-crd')).toBe(true);
    },
  );
});
