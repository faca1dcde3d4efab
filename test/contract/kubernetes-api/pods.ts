import { describe, expect, test } from '@jest/globals';
import { eventually } from '../api-client.ts';
import { failure } from './answers.ts';
import { aPod } from './contract-objects.ts';
import type { ContractSteps } from './contract-steps.ts';
import { JSON_PATCH, MERGE_PATCH } from './media-types.ts';
import { pods } from './paths.ts';

export function testPods({
  get,
  post,
  patch,
  remove,
  aPodNamespace,
  aNode,
  testWithControllers,
}: ContractSteps): void {
  describe('pods', () => {
    test('start pending, with defaults', async () => {
      const namespace = await aPodNamespace();

      const { code, body } = await post(pods(namespace), aPod('one'));

      expect(code).toBe(201);
      expect(body.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
      expect(body.spec).toMatchObject({
        restartPolicy: 'Never',
        serviceAccountName: 'default',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
      });
      expect(body.metadata.generation).toBe(1);
    });

    test('need their service account', async () => {
      const namespace = await aPodNamespace();

      const refused = await post(pods(namespace), aPod('one', { serviceAccountName: 'absent' }));

      expect(refused.code).toBe(403);
      expect(refused.body).toEqual(
        failure(
          403,
          'Forbidden',
          `pods "one" is forbidden: error looking up service account ${namespace}/absent: serviceaccount "absent" not found`,
          { name: 'one', kind: 'pods' },
        ),
      );
    });

    test('need containers', async () => {
      const namespace = await aPodNamespace();

      const refused = await post(pods(namespace), { metadata: { name: 'one' }, spec: { containers: [] } });

      expect(refused.code).toBe(422);
      expect(refused.body.details?.causes).toEqual([
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' },
      ]);
    });

    test('cannot change, except for their image', async () => {
      const namespace = await aPodNamespace();
      await post(pods(namespace), aPod('one'));

      const refused = await patch(
        `${pods(namespace)}/one`,
        { spec: { restartPolicy: 'Always' } },
        MERGE_PATCH,
      );
      const renewed = await patch(
        `${pods(namespace)}/one`,
        [{ op: 'replace', path: '/spec/containers/0/image', value: 'b:1' }],
        JSON_PATCH,
      );

      expect(refused.code).toBe(422);
      expect(refused.body.details?.causes).toEqual([
        {
          reason: 'FieldValueForbidden',
          message: expect.stringMatching(/^Forbidden: pod updates may not change/),
          field: 'spec',
        },
      ]);
      expect(renewed.code).toBe(200);
      expect(renewed.body.metadata.generation).toBe(2);
    });

    test('can be bound only once', async () => {
      const namespace = await aPodNamespace();
      await aNode('node-bind');
      await post(pods(namespace), aPod('one'));
      const binding = { metadata: { name: 'one' }, target: { kind: 'Node', name: 'node-bind' } };

      const bound = await post(`${pods(namespace)}/one/binding`, binding);
      const again = await post(`${pods(namespace)}/one/binding`, binding);
      const { body } = await get(`${pods(namespace)}/one`);

      expect(bound.code).toBe(201);
      expect(again.code).toBe(409);
      expect(again.body.reason).toBe('Conflict');
      expect(body.spec).toMatchObject({ nodeName: 'node-bind' });
      expect(body.status).toMatchObject({ conditions: [{ type: 'PodScheduled', status: 'True' }] });
      expect(body.metadata.generation).toBe(1);
    });

    test('that were never bound are deleted at once', async () => {
      const namespace = await aPodNamespace();
      await post(pods(namespace), aPod('one'));

      const removed = await remove(`${pods(namespace)}/one`);

      expect(removed.body).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 0 } });
      expect((await get(`${pods(namespace)}/one`)).code).toBe(404);
    });

    test('that are bound keep their name until the kubelet removes them', async () => {
      const namespace = await aPodNamespace();
      await aNode('node-grace');
      const path = `${pods(namespace)}/one`;
      await post(pods(namespace), aPod('one', { nodeName: 'node-grace' }));

      const marked = await remove(path);
      const blocked = await post(pods(namespace), aPod('one'));
      const released = await remove(path, { gracePeriodSeconds: 0 });

      expect(marked.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30, generation: 2 });
      expect(blocked.code).toBe(409);
      expect(blocked.body).toEqual(
        failure(409, 'AlreadyExists', 'object is being deleted: pods "one" already exists', {
          name: 'one',
          kind: 'pods',
        }),
      );
      expect(released.code).toBe(200);
      expect((await get(path)).code).toBe(404);
    });

    test('that have ended are deleted at once', async () => {
      const namespace = await aPodNamespace();
      await aNode('node-over');
      await post(pods(namespace), aPod('one', { nodeName: 'node-over' }));
      await patch(`${pods(namespace)}/one/status`, { status: { phase: 'Succeeded' } }, MERGE_PATCH);

      await remove(`${pods(namespace)}/one`);

      expect((await get(`${pods(namespace)}/one`)).code).toBe(404);
    });

    testWithControllers('are refused if they exceed a quota', async () => {
      const namespace = await aPodNamespace();
      await post(`/api/v1/namespaces/${namespace}/resourcequotas`, {
        metadata: { name: 'besteffort-only' },
        spec: { hard: { pods: '0' }, scopes: ['NotBestEffort'] },
      });
      await eventually(
        () => get(`/api/v1/namespaces/${namespace}/resourcequotas/besteffort-only`),
        ({ body }) => JSON.stringify(body.status) === '{"hard":{"pods":"0"},"used":{"pods":"0"}}',
      );

      const refused = await post(pods(namespace), aPod('sized', { memory: '1Mi' }));
      const admitted = await post(pods(namespace), aPod('plain'));

      expect(refused.code).toBe(403);
      expect(refused.body).toEqual(
        failure(
          403,
          'Forbidden',
          'pods "sized" is forbidden: exceeded quota: besteffort-only, requested: pods=1, used: pods=0, limited: pods=0',
          { name: 'sized', kind: 'pods' },
        ),
      );
      expect(admitted.code).toBe(201);
    });

    test('that are not bound have an empty log', async () => {
      const namespace = await aPodNamespace();
      await post(pods(namespace), aPod('one'));

      const log = await get(`${pods(namespace)}/one/log`);

      expect(log.code).toBe(204);
    });

    test('have one log per container', async () => {
      const namespace = await aPodNamespace();
      await post(pods(namespace), aPod('one'));

      const refused = await get(`${pods(namespace)}/one/log?container=absent`);

      expect(refused.code).toBe(400);
      expect(refused.body).toEqual(failure(400, 'BadRequest', 'container absent is not valid for pod one'));
    });
  });
}
