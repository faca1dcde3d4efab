import { describe, expect, test } from '@jest/globals';
import { aConfigMap, anApplication, aPod, GROUP } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { MERGE_PATCH } from './media-types.ts';
import { applications, configMaps, pods } from './paths.ts';

export function testList({
  get,
  post,
  patch,
  remove,
  aNamespace,
  aPodNamespace,
  aNode,
  compact,
}: ContractSteps): void {
  describe('list', () => {
    test('returns items of built-in kinds without kind and apiVersion, custom ones with', async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one', { labels: { mine: '1' } }));
      await post(applications(namespace), anApplication('fdd'));

      const plain = await get(`${configMaps(namespace)}?labelSelector=mine`);
      const custom = await get(applications(namespace));

      expect(plain.body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
      expect(plain.body.items?.[0]?.kind).toBeUndefined();
      expect(plain.body.items?.[0]?.apiVersion).toBeUndefined();
      expect(custom.body).toMatchObject({ kind: 'ApplicationList', apiVersion: `${GROUP}/v1` });
      expect(custom.body.items?.[0]).toMatchObject({ kind: 'Application', apiVersion: `${GROUP}/v1` });
    });

    test('is ordered by namespace and name, over all namespaces too', async () => {
      const [first, second] = [await aNamespace(), await aNamespace()];
      for (const [namespace, name] of [
        [second, 'a'],
        [first, 'b'],
        [first, 'a.b'],
        [first, 'a'],
      ] as const) {
        await post(configMaps(namespace), aConfigMap(name, { labels: { order: first } }));
      }

      const { body } = await get(`/api/v1/configmaps?labelSelector=order=${first}`);

      const places = body.items?.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
      expect(places).toEqual([`${first}/a`, `${first}/a.b`, `${first}/b`, `${second}/a`]);
    });

    test.each([
      ['app=a', ['one']],
      ['app==a', ['one']],
      ['app!=a', ['three', 'two']],
      ['app in (a, b)', ['one', 'two']],
      ['app notin (a)', ['three', 'two']],
      ['app', ['one', 'two']],
      ['!app', ['three']],
      ['app=b,tier=x', ['two']],
      ['app in (a,b),tier!=x', ['one']],
      ['app=', []],
    ])('selects by label: %s', async (selector, names) => {
      const namespace = await theLabelled();

      const { body } = await get(
        `${configMaps(namespace)}?labelSelector=${encodeURIComponent(`${selector}${selector === '' ? '' : ','}set=1`)}`,
      );

      expect(body.items?.map(({ metadata }) => metadata.name)).toEqual(names);
    });

    test.each([
      ['metadata.name=one', ['one']],
      ['metadata.name!=one,metadata.name!=kube-root-ca.crt', ['three', 'two']],
      ['metadata.namespace=elsewhere', []],
    ])('selects by field: %s', async (selector, names) => {
      const namespace = await theLabelled();

      const { body } = await get(`${configMaps(namespace)}?fieldSelector=${encodeURIComponent(selector)}`);

      expect(body.items?.map(({ metadata }) => metadata.name)).toEqual(names);
    });

    test.each([
      ['labelSelector=a in (b', 'configmaps'],
      ['fieldSelector=data.x=1', 'configmaps'],
      ['fieldSelector=spec.image=1', 'applications'],
    ])('refuses the selector %s', async (query, resource) => {
      const namespace = await aNamespace();
      const path = resource === 'configmaps' ? configMaps(namespace) : applications(namespace);

      const refused = await get(
        `${path}?${query.replace(/=(.*)/, (_, value) => `=${encodeURIComponent(value)}`)}`,
      );

      expect(refused.code).toBe(400);
      expect(refused.body.reason).toBe('BadRequest');
    });

    test('selects pods by phase and node', async () => {
      const namespace = await aPodNamespace();
      await aNode('node-fields');
      await post(pods(namespace), aPod('waiting'));
      await post(pods(namespace), aPod('bound', { nodeName: 'node-fields' }));
      await patch(`${pods(namespace)}/bound/status`, { status: { phase: 'Running' } }, MERGE_PATCH);
      const names = async (selector: string) =>
        (await get(`${pods(namespace)}?fieldSelector=${encodeURIComponent(selector)}`)).body.items?.map(
          ({ metadata }) => metadata.name,
        );

      expect(await names('status.phase=Running')).toEqual(['bound']);
      expect(await names('status.phase!=Running')).toEqual(['waiting']);
      expect(await names('spec.nodeName=node-fields')).toEqual(['bound']);
      expect(await names('spec.nodeName=')).toEqual(['waiting']);
    });

    test('returns pages that all show the state of the first', async () => {
      const namespace = await aNamespace();
      for (const name of ['a', 'b', 'c', 'd', 'e']) await post(applications(namespace), anApplication(name));

      const first = await get(`${applications(namespace)}?limit=2`);
      await post(applications(namespace), anApplication('cc'));
      await remove(`${applications(namespace)}/d`);
      const second = await get(`${applications(namespace)}?limit=2&continue=${first.body.metadata.continue}`);
      const third = await get(`${applications(namespace)}?limit=2&continue=${second.body.metadata.continue}`);

      const pages = [first, second, third].map(({ body }) =>
        body.items?.map(({ metadata }) => metadata.name),
      );
      expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
      expect([first, second, third].map(({ body }) => body.metadata.remainingItemCount)).toEqual([
        3,
        1,
        undefined,
      ]);
      expect(third.body.metadata.continue).toBe('');
      expect(new Set([first, second, third].map(({ body }) => body.metadata.resourceVersion)).size).toBe(1);
    });

    test('answers 410 to a continue token from before a compaction, with a new token to continue', async () => {
      const namespace = await aNamespace();
      for (const name of ['a', 'b', 'c']) await post(applications(namespace), anApplication(name));
      const first = await get(`${applications(namespace)}?limit=1`);
      await compact();

      const refused = await get(
        `${applications(namespace)}?limit=1&continue=${agedToken(first.body.metadata.continue)}`,
      );

      expect(refused.code).toBe(410);
      expect(refused.body.reason).toBe('Expired');
      expect(refused.body.metadata.continue).toEqual(expect.any(String));
      const rest = await get(`${applications(namespace)}?continue=${refused.body.metadata.continue}`);
      expect(rest.code).toBe(200);
      expect(rest.body.items?.map(({ metadata }) => metadata.name)).toEqual(['b', 'c']);
    });

    test('refuses an invalid continue token as a bad request', async () => {
      const namespace = await aNamespace();

      const refused = await get(`${configMaps(namespace)}?limit=1&continue=nonsense`);

      expect(refused.code).toBe(400);
      expect(refused.body.reason).toBe('BadRequest');
    });

    test('times out on a resourceVersion from the future', async () => {
      const namespace = await aNamespace();

      const refused = await get(`${configMaps(namespace)}?resourceVersion=99999999`);

      expect(refused.code).toBe(504);
      expect(refused.body.reason).toBe('Timeout');
      expect(refused.body.details).toMatchObject({ causes: [{ reason: 'ResourceVersionTooLarge' }] });
    });
  });

  let labelled: Promise<string> | undefined;

  /** One namespace for all selector cases, which only read it. */
  function theLabelled(): Promise<string> {
    labelled ??= (async () => {
      const namespace = await aNamespace();
      await post(configMaps(namespace), aConfigMap('one', { labels: { set: '1', app: 'a' } }));
      await post(configMaps(namespace), aConfigMap('two', { labels: { set: '1', app: 'b', tier: 'x' } }));
      await post(configMaps(namespace), aConfigMap('three', { labels: { set: '1' } }));
      return namespace;
    })();
    return labelled;
  }

  /** The same position in the list, but of a state from before the resource was defined, which is not kept. */
  function agedToken(token: string | undefined): string {
    const content = JSON.parse(Buffer.from(token ?? '', 'base64url').toString()) as object;
    return Buffer.from(JSON.stringify({ ...content, rv: 2 })).toString('base64url');
  }
}
