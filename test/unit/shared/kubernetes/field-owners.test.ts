import { describe, expect, test } from '@jest/globals';
import { lastOtherWriter, ownerOf, timeOf } from '../../../../shared/kubernetes/field-owners.ts';

const replicas = { 'f:spec': { 'f:replicas': {} } };
const entries = [
  { manager: 'fdd', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:spec': { 'f:template': {} } } },
  { manager: 'kubectl', time: '2026-01-03T00:00:00Z', fieldsV1: replicas },
  { manager: 'fiaas-skipper', time: '2026-01-04T00:00:00Z', fieldsV1: {} },
  { manager: 'controller', time: '2026-01-05T00:00:00Z', subresource: 'status', fieldsV1: {} },
];

describe('field owners', () => {
  test('return the owner of a field', () => {
    expect(ownerOf(entries, 'spec', 'replicas')).toBe('kubectl');
    expect(ownerOf(entries, 'spec', 'template')).toBe('fdd');
    expect(ownerOf(entries, 'spec', 'paused')).toBeUndefined();
    expect(ownerOf(undefined, 'spec')).toBeUndefined();
  });

  test('name when the owner of a field wrote last', () => {
    expect(timeOf(entries, 'spec', 'replicas')).toBe(Date.parse('2026-01-03T00:00:00Z'));
    expect(timeOf(entries, 'spec', 'paused')).toBeUndefined();
    expect(timeOf(undefined, 'spec')).toBeUndefined();
  });

  test('return the last writer other than Skipper, ignoring writers of the status', () => {
    expect(lastOtherWriter(entries, 'fiaas-skipper', [])).toBe('kubectl');
    expect(lastOtherWriter([], 'fiaas-skipper', [])).toBeUndefined();
  });

  test('prefer the owner of a field to a writer in the same second', () => {
    const paths = [
      ['spec', 'image'],
      ['spec', 'template'],
    ];

    expect(lastOtherWriter(entries, 'fiaas-skipper', paths)).toBe('fdd');
  });
});
