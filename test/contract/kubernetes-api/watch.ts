import { describe, expect, test } from '@jest/globals';
import { failure } from './answers.ts';
import { aConfigMap, anApplication, GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { MERGE_PATCH } from './media-types.ts';
import { applications, configMaps } from './paths.ts';
import { shown, take, untilEnd } from './watch-events.ts';

export function testWatch({
  get,
  post,
  patch,
  remove,
  watching,
  aNamespace,
  define,
  openWatch,
}: ContractSteps): void {
  describe('watch', () => {
    test('starts with the current state when no version is given', async () => {
      const namespace = await aNamespace();
      await post(applications(namespace), anApplication('old'));

      const events = await watching(`${applications(namespace)}?watch=true`, async (stream) => {
        const first = await stream.next();
        await post(applications(namespace), anApplication('new'));
        return [first, await stream.next()];
      });

      expect(shown(events)).toEqual(['ADDED old', 'ADDED new']);
      expect(events[0]?.object).toMatchObject({ kind: 'Application', apiVersion: `${GROUP}/v1` });
    });

    test('continues from the version of a list', async () => {
      const namespace = await aNamespace();
      await post(applications(namespace), anApplication('old'));
      const { body: list } = await get(applications(namespace));
      await post(applications(namespace), anApplication('new', { image: 'a' }));
      await patch(`${applications(namespace)}/new`, { spec: { image: 'b' } }, MERGE_PATCH);
      await remove(`${applications(namespace)}/new`);

      const events = await watching(
        `${applications(namespace)}?watch=true&resourceVersion=${list.metadata.resourceVersion}`,
        (stream) => take(stream, 3),
      );

      expect(shown(events)).toEqual(['ADDED new', 'MODIFIED new', 'DELETED new']);
      const versions = events.map((event) => Number(event?.object.metadata.resourceVersion));
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      expect(new Set(versions).size).toBe(3);
    });

    test('resumes after the last seen event', async () => {
      const namespace = await aNamespace();
      const { body: list } = await get(applications(namespace));
      for (const name of ['a', 'b']) await post(applications(namespace), anApplication(name));
      const from = (version: string | undefined) =>
        `${applications(namespace)}?watch=true&resourceVersion=${version}`;
      const [first] = await watching(from(list.metadata.resourceVersion), (stream) => take(stream, 1));

      const events = await watching(from(first?.object.metadata.resourceVersion), (stream) =>
        take(stream, 1),
      );

      expect(shown(events)).toEqual(['ADDED b']);
    });

    test('serves the legacy path', async () => {
      const namespace = await aNamespace();
      const { body: list } = await get(applications(namespace));
      await post(applications(namespace), anApplication('fdd'));

      const events = await watching(
        `/apis/${GROUP}/v1/watch/namespaces/${namespace}/applications?resourceVersion=${list.metadata.resourceVersion}&allowWatchBookmarks=true`,
        (stream) => take(stream, 1),
      );

      expect(shown(events)).toEqual(['ADDED fdd']);
    });

    test('shows no events of other namespaces', async () => {
      const [here, there] = [await aNamespace(), await aNamespace()];
      const { body: list } = await get(applications(here));
      await post(applications(there), anApplication('there'));
      await post(applications(here), anApplication('here'));

      const events = await watching(
        `${applications(here)}?watch=true&resourceVersion=${list.metadata.resourceVersion}`,
        (stream) => take(stream, 1),
      );

      expect(shown(events)).toEqual(['ADDED here']);
    });

    test('sends DELETED with the old object when it leaves the selector, ADDED when one enters', async () => {
      const namespace = await aNamespace();
      const path = `${applications(namespace)}/fdd`;
      const { body: list } = await get(applications(namespace));
      await post(applications(namespace), anApplication('fdd', { image: 'a', labels: { on: '1' } }));
      const left = await patch(
        path,
        { metadata: { labels: { on: '2' } }, spec: { image: 'b' } },
        MERGE_PATCH,
      );
      await patch(path, { spec: { image: 'c' } }, MERGE_PATCH);
      await patch(path, { metadata: { labels: { on: '1' } } }, MERGE_PATCH);

      const events = await watching(
        `${applications(namespace)}?watch=true&labelSelector=on%3D1&resourceVersion=${list.metadata.resourceVersion}`,
        (stream) => take(stream, 3),
      );

      expect(shown(events)).toEqual(['ADDED fdd', 'DELETED fdd', 'ADDED fdd']);
      expect(events[1]?.object).toMatchObject({
        metadata: { labels: { on: '1' }, resourceVersion: left.body.metadata.resourceVersion },
        spec: { image: 'a' },
      });
      expect(events[2]?.object.spec).toMatchObject({ image: 'c' });
    });

    test('marks the end of the initial events on request', async () => {
      const namespace = await aNamespace();
      await post(applications(namespace), anApplication('fdd'));

      const events = await watching(
        `${applications(namespace)}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
        (stream) => take(stream, 2),
      );

      expect(events.map((event) => event?.type)).toEqual(['ADDED', 'BOOKMARK']);
      expect(events[1]?.object).toEqual({
        kind: 'Application',
        apiVersion: `${GROUP}/v1`,
        metadata: {
          resourceVersion: expect.stringMatching(/^\d+$/),
          annotations: { 'k8s.io/initial-events-end': 'true' },
        },
      });
    });

    test('sends a bookmark before its timeout, then ends', async () => {
      const namespace = await aNamespace();
      const { body: list } = await get(configMaps(namespace));
      await post(configMaps(namespace), aConfigMap('one', { labels: { mine: '1' } }));

      // The bookmark comes two seconds before the end, and only if something has happened since the beginning.
      const events = await watching(
        `${configMaps(namespace)}?watch=true&allowWatchBookmarks=true&timeoutSeconds=10&labelSelector=mine&resourceVersion=${list.metadata.resourceVersion}`,
        async (stream) => {
          await post(configMaps(namespace), aConfigMap('two'));
          return untilEnd(stream);
        },
      );

      const [added, bookmark] = events;
      expect(shown([added])).toEqual(['ADDED one']);
      expect(bookmark?.type).toBe('BOOKMARK');
      expect(Object.keys(bookmark?.object ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
      expect(Number(bookmark?.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(
        Number(added?.object.metadata.resourceVersion),
      );
      expect(events.at(-1)).toBeUndefined();
    });

    test('ends when the definition changes, and its version is too old afterwards', async () => {
      const namespace = await aNamespace();
      const { body: list } = await get(applications(namespace));
      const from = `${applications(namespace)}?watch=true&resourceVersion=${list.metadata.resourceVersion}`;
      const open = await openWatch(from);

      await define(true, { changed: String(Date.now()) });
      const ended = await open.next();
      const [error, end] = await watching(from, (stream) => take(stream, 2));

      expect(ended).toBeUndefined();
      expect(error).toEqual({
        type: 'ERROR',
        object: {
          ...failure(410, 'Expired', ''),
          message: expect.stringMatching(
            `^too old resource version: ${list.metadata.resourceVersion} \\(\\d+\\)$`,
          ),
        },
      });
      expect(end).toBeUndefined();
    });

    test('refuses a version that is not a number', async () => {
      const namespace = await aNamespace();

      const refused = await get(`${configMaps(namespace)}?watch=true&resourceVersion=latest`);

      expect(refused.code).toBe(500);
    });
  });
}
