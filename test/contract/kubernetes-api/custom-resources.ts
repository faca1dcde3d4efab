import { describe, expect, test } from '@jest/globals';
import { anApplication, GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { MERGE_PATCH } from './media-types.ts';
import { applications, statuses } from './paths.ts';

export function testCustomResources({ post, put, patch, aNamespace }: ContractSteps): void {
  describe('custom resources', () => {
    test('unknown fields are pruned, open objects are kept', async () => {
      const namespace = await aNamespace();

      const { body } = await post(applications(namespace), {
        ...anApplication('fdd', { config: { any: { thing: [1, { a: null }] } } }),
        unknown: 1,
        spec: {
          application: 'fdd',
          unknown: { a: 1 },
          config: { any: { thing: [1, { a: 'b' }] } },
          additional_labels: { global: { a: '1' }, unknown: { b: '2' } },
        },
      });

      expect(body.unknown).toBeUndefined();
      expect(body.spec).toEqual({
        application: 'fdd',
        config: { any: { thing: [1, { a: 'b' }] } },
        additional_labels: { global: { a: '1' } },
      });
    });

    test('a value of the wrong type is refused', async () => {
      const namespace = await aNamespace();

      const refused = await post(applications(namespace), anApplication('fdd', { image: 5 }));

      expect(refused.code).toBe(422);
      expect(refused.body.details).toEqual({
        name: 'fdd',
        group: GROUP,
        kind: 'Application',
        causes: [
          {
            reason: 'FieldValueTypeInvalid',
            message: 'Invalid value: "integer": spec.image in body must be of type string: "integer"',
            field: 'spec.image',
          },
        ],
      });
    });

    test('the status subresource and the object do not change each other', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      const created = await post(applications(namespace), {
        ...anApplication('fdd', { image: 'a' }),
        status: { result: 'IGNORED' },
      });

      const reported = await put(`${path}/status`, {
        ...created.body,
        metadata: { ...created.body.metadata, labels: { ignored: '1' } },
        spec: { application: 'ignored' },
        status: { result: 'SUCCESS', unknown: 1 },
      });
      const changed = await put(path, {
        ...reported.body,
        spec: { ...reported.body.spec, image: 'b' },
        status: { result: 'IGNORED' },
      });

      expect(created.body.status).toBeUndefined();
      expect(reported.body).toMatchObject({ spec: { application: 'fdd', image: 'a' } });
      expect(reported.body.status).toEqual({ result: 'SUCCESS' });
      expect(reported.body.metadata.labels).toBeUndefined();
      expect(changed.body).toMatchObject({ spec: { image: 'b' }, status: { result: 'SUCCESS' } });
    });

    test('the generation counts only changes of the spec', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      const created = await post(applications(namespace), anApplication('fdd', { image: 'a' }));
      const labelled = await patch(path, { metadata: { labels: { a: '1' } } }, MERGE_PATCH);
      const reported = await patch(`${path}/status`, { status: { result: 'SUCCESS' } }, MERGE_PATCH);
      const changed = await patch(path, { spec: { image: 'b' } }, MERGE_PATCH);

      const generations = [created, labelled, reported, changed].map(({ body }) => body.metadata.generation);

      expect(generations).toEqual([1, 1, 1, 2]);
    });

    test('without the status subresource, status is a normal field, and metadata still does not count', async () => {
      const namespace = await aNamespace();
      const path = `${statuses(namespace)}/report`;
      const created = await post(statuses(namespace), {
        apiVersion: `${GROUP}/v1`,
        kind: 'ApplicationStatus',
        metadata: { name: 'report' },
        result: 'INITIATED',
        logs: [],
      });
      const labelled = await patch(path, { metadata: { labels: { a: '1' } } }, MERGE_PATCH);
      const changed = await patch(path, { result: 'SUCCESS' }, MERGE_PATCH);
      const refused = await patch(`${path}/status`, { result: 'FAILED' }, MERGE_PATCH);

      expect([created, labelled, changed].map(({ body }) => body.metadata.generation)).toEqual([1, 1, 2]);
      expect(refused.code).toBe(404);
      expect(refused.body.reason).toBe('NotFound');
    });
  });
}
