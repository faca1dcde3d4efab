import { describe, expect, test } from '@jest/globals';
import { aConfigMap, anApplication } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { MERGE_PATCH, METADATA, METADATA_LIST } from './media-types.ts';
import { applications, configMaps } from './paths.ts';
import { shown, take } from './watch-events.ts';

const PARTIAL = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };

export function testMetadataOnly({ get, post, patch, remove, watching, aNamespace }: ContractSteps): void {
  describe('metadata only', () => {
    test('of an object', async () => {
      const namespace = await aNamespace();
      const { body: created } = await post(applications(namespace), anApplication('fdd'));

      const { body } = await get(`${applications(namespace)}/fdd`, { accept: METADATA });

      expect(body).toEqual({ ...PARTIAL, metadata: created.metadata });
    });

    test('of a list, page by page, of custom and of built-in kinds', async () => {
      const namespace = await aNamespace();
      for (const name of ['a', 'b']) {
        await post(applications(namespace), anApplication(name, { labels: { on: '1' } }));
        await post(configMaps(namespace), aConfigMap(name, { labels: { on: '1' } }));
      }

      for (const path of [applications(namespace), configMaps(namespace)]) {
        const page = `${path}?limit=1&labelSelector=on%3D1`;
        const { body: first } = await get(page, { accept: METADATA_LIST });
        const next = `${page}&continue=${first.metadata.continue}`;
        const { body: second } = await get(next, { accept: METADATA_LIST });

        expect(first).toMatchObject({ ...PARTIAL, kind: 'PartialObjectMetadataList' });
        expect([first, second].map(({ items }) => items?.[0]?.metadata.name)).toEqual(['a', 'b']);
        expect(Object.keys(first.items?.[0] ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
        expect(first.items?.[0]).toMatchObject({ ...PARTIAL, metadata: { labels: { on: '1' } } });
        expect(first.items?.[0]?.metadata.managedFields).toBeDefined();
        expect(first.metadata.resourceVersion).toMatch(/^\d+$/);
      }
    });

    test('of an empty list is null', async () => {
      const namespace = await aNamespace();

      const { body } = await get(applications(namespace), { accept: METADATA_LIST });

      expect(body).toMatchObject({ ...PARTIAL, kind: 'PartialObjectMetadataList', items: null });
    });

    test('of events, with their bookmarks', async () => {
      const namespace = await aNamespace();
      const { body: list } = await get(applications(namespace), { accept: METADATA_LIST });

      const path = `${applications(namespace)}?watch=true&resourceVersion=${list.metadata.resourceVersion}`;
      const events = await watching(
        path,
        async (stream) => {
          await post(applications(namespace), anApplication('fdd'));
          await patch(`${applications(namespace)}/fdd`, { spec: { image: 'b' } }, MERGE_PATCH);
          await remove(`${applications(namespace)}/fdd`);
          return take(stream, 3);
        },
        METADATA,
      );

      expect(shown(events)).toEqual(['ADDED fdd', 'MODIFIED fdd', 'DELETED fdd']);
      for (const event of events) {
        expect(event?.object).toMatchObject(PARTIAL);
        expect(Object.keys(event?.object ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
      }
    });

    test('a bookmark is of the same kind', async () => {
      const namespace = await aNamespace();
      const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true';
      const events = await watching(
        `${applications(namespace)}?${query}&resourceVersionMatch=NotOlderThan`,
        (stream) => take(stream, 1),
        METADATA,
      );

      expect(events[0]).toMatchObject({ type: 'BOOKMARK', object: PARTIAL });
      expect(events[0]?.object.metadata.resourceVersion).toMatch(/^\d+$/);
    });

    test('a list is not the metadata of an object', async () => {
      const namespace = await aNamespace();

      const { code, body } = await get(applications(namespace), { accept: METADATA });

      expect({ code, reason: body.reason }).toEqual({ code: 406, reason: 'NotAcceptable' });
    });
  });
}
