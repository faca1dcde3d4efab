import { describe, expect, test } from '@jest/globals';
import { containersOf, failure, staleFailure } from './answers.ts';
import { aConfigMap, aDeployment, anApplication } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH } from './media-types.ts';
import { applications, configMaps, deployments } from './paths.ts';

export function testPatch({ get, post, patch, aNamespace }: ContractSteps): void {
  describe('patch', () => {
    test('a JSON patch whose test passes is applied', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      const { body } = await post(applications(namespace), anApplication('fdd', { image: 'a' }));

      const patched = await patch(
        path,
        [
          { op: 'test', path: '/metadata/resourceVersion', value: body.metadata.resourceVersion },
          { op: 'add', path: '/metadata/labels', value: { 'a/b': '1' } },
          { op: 'replace', path: '/metadata/labels/a~1b', value: '2' },
          { op: 'replace', path: '/spec/image', value: 'b' },
        ],
        JSON_PATCH,
      );

      expect(patched.code).toBe(200);
      expect(patched.body.spec).toMatchObject({ image: 'b' });
      expect(patched.body.metadata.labels).toEqual({ 'a/b': '2' });
    });

    test.each([
      ['a test that fails', [{ op: 'test', path: '/spec/image', value: 'other' }]],
      ['a removal of a missing field', [{ op: 'remove', path: '/spec/config/none' }]],
      ['an addition below a missing field', [{ op: 'add', path: '/spec/none/deep', value: 1 }]],
    ])('a JSON patch with %s changes nothing', async (_, operations) => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      const { body } = await post(applications(namespace), anApplication('fdd'));

      const refused = await patch(
        path,
        [...operations, { op: 'add', path: '/spec/image', value: 'z' }],
        JSON_PATCH,
      );

      expect(refused.code).toBe(422);
      expect(refused.body).toEqual(
        failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {}),
      );
      expect((await get(path)).body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
    });

    test('a JSON patch treats a missing field as null, and can replace it', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one', { data: { a: '1' } }));

      const patched = await patch(
        `${configMaps(namespace)}/one`,
        [
          { op: 'test', path: '/data/b', value: null },
          { op: 'replace', path: '/data/b', value: '2' },
        ],
        JSON_PATCH,
      );

      expect(patched.code).toBe(200);
      expect(patched.body.data).toEqual({ a: '1', b: '2' });
    });

    test('a merge patch merges maps and removes nulls', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one', { labels: { a: '1', b: '2' } }));

      const patched = await patch(
        `${configMaps(namespace)}/one`,
        { metadata: { labels: { a: null, c: '3' } } },
        MERGE_PATCH,
      );

      expect(patched.body.metadata.labels).toEqual({ b: '2', c: '3' });
    });

    test('a merge patch with a stale resourceVersion is refused', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one'));

      const refused = await patch(
        `${configMaps(namespace)}/one`,
        { metadata: { resourceVersion: '1' }, data: { a: '1' } },
        MERGE_PATCH,
      );

      expect(refused.code).toBe(409);
      expect(refused.body).toEqual(staleFailure('configmaps', 'one'));
    });

    test('a strategic merge patch merges containers by name, and is refused for custom objects', async () => {
      const namespace = await aNamespace();
      await post(applications(namespace), anApplication('fdd'));
      await post(deployments(namespace), aDeployment('web', { image: 'a:1' }));
      const containers = [{ name: 'main', image: 'a:2' }];

      const patched = await patch(
        `${deployments(namespace)}/web`,
        { spec: { template: { spec: { containers } } } },
        STRATEGIC_MERGE_PATCH,
      );
      const refused = await patch(`${applications(namespace)}/fdd`, {}, STRATEGIC_MERGE_PATCH);

      expect(containersOf(patched.body)).toEqual([
        expect.objectContaining({ name: 'main', image: 'a:2', env: [{ name: 'A', value: '1' }] }),
      ]);
      expect(refused.code).toBe(415);
      expect(refused.body.reason).toBe('UnsupportedMediaType');
    });

    test('a patch of another media type is refused', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one'));

      const refused = await patch(`${configMaps(namespace)}/one`, {}, 'application/json');

      expect(refused.code).toBe(415);
      expect(refused.body.reason).toBe('UnsupportedMediaType');
    });
  });
}
