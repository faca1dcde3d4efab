import { describe, expect, test } from '@jest/globals';
import { healCause, isOtherCause, isOtherWanted } from '../../../../domain/heal/heal-cause.ts';
import { invalid, ok } from '../../../../domain/release/result.ts';
import { aConfig } from '../../../support/builders.ts';

const RECORD = { release: 'one' };
const causeOf = (config: Parameters<typeof aConfig>[0] = {}) =>
  healCause({ config: ok(aConfig(config)) }, RECORD, undefined);

describe('what has to change before another try makes sense', () => {
  test('is not the resourceVersion: a controller can write annotations of its own', () => {
    expect(causeOf({ resourceVersion: '2' })).toBe(causeOf({ resourceVersion: '1' }));
  });

  test('is not the ConfigMap itself: the same can be created again', () => {
    expect(causeOf({ createdAt: 2, isDeleting: true })).toBe(causeOf({ createdAt: 1 }));
  });

  test.each<[string, string]>([
    ['a setting of FDD', causeOf({ configDigest: 'other' })],
    ['the channel', causeOf({ tag: 'other' })],
    ['an annotation of Skipper', causeOf({ rollout: { priority: 1 } })],
    ['a valid ConfigMap', healCause({ config: invalid('no data') }, RECORD, undefined)],
    ['the requested release', healCause({ config: ok(aConfig()) }, { release: 'two' }, undefined)],
    ['the limits of quotas', healCause({ config: ok(aConfig()) }, RECORD, 'pods: 10')],
  ])('is %s', (_what, changed) => {
    expect(changed).not.toBe(causeOf());
  });
});

describe('a cause that was stored', () => {
  const of = (record: { release: string } | undefined, quotas?: string) =>
    healCause({ config: ok(aConfig()) }, record, quotas);

  test.each<[string, string, string, boolean]>([
    ['is the same', of(RECORD), of(RECORD), false],
    ['is the same if the record is lost', of(RECORD), of(undefined), false],
    [
      'is the same if the record is lost, and a quota matters',
      of(RECORD, 'pods: 1'),
      of(undefined, 'pods: 1'),
      false,
    ],
    ['is another one if another release is requested', of(RECORD), of({ release: 'two' }), true],
    ['is another one if a release is requested for the first time', of(undefined), of(RECORD), true],
    [
      'is another one if the quota has changed and the record is lost',
      of(RECORD, 'pods: 1'),
      of(undefined, 'pods: 2'),
      true,
    ],
  ])('%s', (_what, before, now, expected) => {
    expect(isOtherCause(before, now)).toBe(expected);
  });
});

describe('what was wanted at a step', () => {
  const of = (record: { release: string } | undefined, quotas?: string) =>
    healCause({ config: ok(aConfig()) }, record, quotas);

  test.each<[string, string, string, boolean]>([
    ['is the same', of(RECORD), of(RECORD), false],
    ['is the same if the step has made the release known', of(undefined), of(RECORD), false],
    ['is the same if quotas begin to matter, or not any more', of(RECORD), of(RECORD, 'pods: 1'), false],
    ['is the same if only quotas have changed', of(RECORD, 'pods: 2'), of(RECORD, 'pods: 1'), false],
    ['has changed if another release is requested', of(RECORD, 'pods: 1'), of({ release: 'two' }), true],
    ['has changed with the configuration', of(RECORD), causeOf({ configDigest: 'other' }), true],
  ])('%s', (_what, before, now, expected) => {
    expect(isOtherWanted(before, now)).toBe(expected);
  });
});
