import { describe, expect, test } from '@jest/globals';
import { withPrevious } from '../../../shared/adjust-targets.ts';
import { aDeployment, anApplication, aRelease, aSettledSnapshot } from '../../support/builders.ts';

const release = aRelease();
const OTHER = aRelease({ image: 'fiaas/fdd:other', version: 'other' });

function previousWhere(application: Parameters<typeof anApplication>[0], image = application?.image) {
  const snapshot = aSettledSnapshot({
    application: anApplication(application),
    deployment: aDeployment(image === undefined ? {} : { image }),
  });
  const target = { namespace: 'a', release, target: { state: 'pending' as const } };
  return withPrevious({ snapshot: () => snapshot }, target).previous;
}

describe('the release that a rollback can return to', () => {
  test('is what the Deployment runs', () => {
    expect(previousWhere({ image: OTHER.image })).toEqual(OTHER);
    expect(previousWhere({ image: OTHER.image }, release.image)).toBeUndefined();
  });

  test('is not the same release in the order of the API server, which sorts keys', () => {
    const config = Object.fromEntries(Object.entries(release.config).reverse());

    expect(previousWhere({ config })).toBeUndefined();
    expect(previousWhere({ config: { ...config, extra: 1 } })).toBeDefined();
  });
});
