import { describe, expect, test } from '@jest/globals';
import { currentRecord, currentRecords } from '../../../../domain/deploy/current-record.ts';
import { ok } from '../../../../domain/release/result.ts';
import { aConfig, anApplication, aSnapshot } from '../../../support/builders.ts';

const CREATED = 1_800_000_000_000;
const OLD = { generation: 2, handled: 2, finishedAt: CREATED - 1 };
const origin = { rolloutId: 'r1', generation: 2, release: 'key', content: 'digest' };

const created = (overrides = {}) =>
  aSnapshot({ config: ok(aConfig({ createdAt: CREATED })), application: undefined, ...overrides });

describe('the record of a namespace that was deleted and created again', () => {
  test('does not count', () => {
    expect(currentRecord(OLD, created())).toBeUndefined();
    expect(currentRecord(OLD, created({ application: anApplication() }))).toBeUndefined();
    expect([...currentRecords(new Map([['team-a', OLD]]), () => created())]).toEqual([]);
  });

  test.each([
    ['it is newer', { ...OLD, finishedAt: CREATED }, created()],
    ['a request is under way', { ...OLD, generation: 3 }, created()],
    ['only the ConfigMap was replaced', OLD, created({ application: anApplication({ origin }) })],
    ['the creation is not known', OLD, created({ config: ok(aConfig({ createdAt: undefined })) })],
  ])('counts if %s', (_why, record, snapshot) => {
    expect(currentRecord(record, snapshot)).toBe(record);
    expect(currentRecords(new Map([['team-a', record]]), () => snapshot).size).toBe(1);
  });
});
