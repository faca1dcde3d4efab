import { describe, expect, test } from '@jest/globals';
import { classifyNetworkError, classifyRefusal } from '../../../../shared/kubernetes/classify-error.ts';

const REQUEST = { method: 'POST', path: '/api/v1/namespaces/a/pods' };

function aStatus(overrides: object = {}): string {
  return JSON.stringify({ kind: 'Status', status: 'Failure', message: 'the reason', ...overrides });
}

function classify(httpStatus: number, body = aStatus(), retryAfter?: string) {
  return classifyRefusal(REQUEST, httpStatus, body, retryAfter);
}

describe('classifyRefusal', () => {
  const GONE = aStatus({ details: { name: 'a', kind: 'namespaces' } });
  const ABSENT = aStatus({ details: { name: 'fiaas-deploy-daemon', kind: 'applications' } });
  const TERMINATING = aStatus({ details: { causes: [{ reason: 'NamespaceTerminating' }] } });
  const QUOTA = aStatus({ message: 'pods "x" is forbidden: exceeded quota: q, requested: pods=1' });
  const SECURITY = aStatus({ message: 'pods "x" is forbidden: violates PodSecurity "restricted:latest"' });
  const LIMITS = aStatus({ message: 'failed quota: q: must specify limits.cpu for: app' });
  const RANGE = aStatus({ message: 'maximum memory usage per Container is 1Mi, but limit is 2Mi' });
  const WEBHOOK = aStatus({ message: 'Internal error occurred: failed calling webhook "w": timeout' });

  test.each([
    [400, aStatus(), 'invalid_object', 'permanent'],
    [401, aStatus(), 'unauthorized', 'retryable'],
    [403, aStatus(), 'forbidden', 'permanent'],
    [403, TERMINATING, 'namespace_gone', 'skipped'],
    [403, QUOTA, 'quota_exceeded', 'permanent'],
    [403, SECURITY, 'pod_rejected', 'permanent'],
    [403, LIMITS, 'limits_missing', 'permanent'],
    [403, RANGE, 'limit_range', 'permanent'],
    [500, WEBHOOK, 'webhook_failed', 'retryable'],
    [404, GONE, 'namespace_gone', 'skipped'],
    [404, ABSENT, 'not_found', 'permanent'],
    [
      404,
      aStatus({ message: 'the server could not find the requested resource' }),
      'crd_missing',
      'permanent',
    ],
    [404, '404 page not found', 'crd_missing', 'permanent'],
    [405, aStatus(), 'invalid_object', 'permanent'],
    [408, aStatus(), 'cluster_unavailable', 'retryable'],
    [409, aStatus(), 'conflict', 'retryable'],
    [422, aStatus(), 'invalid_object', 'permanent'],
    [429, aStatus(), 'rate_limited', 'retryable'],
    [500, aStatus(), 'cluster_unavailable', 'retryable'],
    [503, 'upstream connect error', 'cluster_unavailable', 'retryable'],
    [504, '', 'cluster_unavailable', 'retryable'],
  ])('classifies %d with %s as %s (%s)', (httpStatus, body, code, errorClass) => {
    const error = classify(httpStatus, body);

    expect({ code: error.code, errorClass: error.errorClass, httpStatus: error.httpStatus }).toEqual({
      code,
      errorClass,
      httpStatus,
    });
  });

  test.each([
    [403, QUOTA, [{ kind: 'refusal', refusal: { by: 'quota', quota: 'q' } }]],
    [403, SECURITY, [{ kind: 'refusal', refusal: { by: 'pod-security' } }]],
    [403, aStatus(), []],
    [500, WEBHOOK, [{ kind: 'refusal', refusal: { by: 'webhook', webhook: 'w' } }]],
    [500, QUOTA, []],
  ])('adds the refusal in %d with %s as data', (httpStatus, body, symptoms) => {
    expect(classify(httpStatus, body).symptoms).toEqual(symptoms);
  });

  test('has the request and the message of the server', () => {
    expect(classify(403).message).toBe('403 the reason (POST /api/v1/namespaces/a/pods)');
  });

  test('names the kind that the cluster does not have', () => {
    const missing = (path: string) =>
      classifyRefusal({ method: 'GET', path }, 404, '404 page not found\n').message;

    expect(missing('/apis/fiaas.schibsted.io/v1/applications')).toBe(
      'the cluster has no applications.fiaas.schibsted.io: 404 404 page not found (GET /apis/fiaas.schibsted.io/v1/applications)',
    );
    expect(missing('/apis/fiaas.schibsted.io/v1/namespaces/a/applications/b')).toMatch(
      /^the cluster has no applications\.fiaas/,
    );
    expect(missing('/api/v1/pods')).toMatch(/^404 404 page not found/);
  });

  test('has the beginning of a body that is not a Status', () => {
    const answer = 'x'.repeat(1_000);

    expect(classify(502, answer).message).toBe(`502 ${'x'.repeat(300)} (POST ${REQUEST.path})`);
  });

  test.each(['null', '[]', '"text"', '{', ''])('accepts the body %j', (body) => {
    expect(classify(500, body).code).toBe('cluster_unavailable');
  });

  test.each([
    ['the header', aStatus(), '7', 7_000],
    ['the Status', aStatus({ details: { retryAfterSeconds: 3 } }), undefined, 3_000],
    ['the header before the Status', aStatus({ details: { retryAfterSeconds: 3 } }), '7', 7_000],
    ['neither if both are missing', aStatus(), undefined, undefined],
    ['a header that is a date', aStatus(), 'Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['a header that is zero', aStatus(), '0', undefined],
  ])('reads the retry delay from %s', (_what, body, header, expected) => {
    expect(classify(429, body, header).retryAfterMs).toBe(expected);
  });
});

describe('classifyNetworkError', () => {
  test.each([
    ['a refused connection', new Error('connect ECONNREFUSED 127.0.0.1:6443'), 'ECONNREFUSED'],
    [
      'an error without a message',
      Object.assign(new Error(''), { name: 'HeadersTimeoutError' }),
      'HeadersTimeoutError',
    ],
    ['a thrown text', 'reset', 'reset'],
  ])('acceptance 21: classifies %s as a retryable failure, with its reason', (_what, thrown, reason) => {
    const error = classifyNetworkError(REQUEST, thrown);

    expect(error).toMatchObject({ code: 'cluster_unavailable', errorClass: 'retryable', cause: thrown });
    expect(error.message).toContain(reason);
  });
});
