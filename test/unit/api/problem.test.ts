import { describe, expect, test } from '@jest/globals';
import { HttpProblem, problemBody, toProblem } from '../../../api/problem.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { BadRequestError } from '../../../shared/bad-request-error.ts';

describe('toProblem', () => {
  test.each([
    [
      'an unknown namespace',
      new BadRequestError('namespaces', 'no FIAAS namespace: x', ['x']),
      400,
      'bad_request',
    ],
    ['a key used twice', new BadRequestError('Idempotency-Key', 'used'), 422, 'bad_request'],
    ['Redis down', new SkipperError('redis_unavailable', 'away'), 503, 'redis_unavailable'],
    ['a Redis that hangs', new Error('Command timed out'), 503, 'redis_unavailable'],
    ['a Redis that is full', new Error('OOM command not allowed'), 503, 'redis_unavailable'],
    ['the cluster down', new SkipperError('cluster_unavailable', 'away'), 503, 'cluster_unavailable'],
    ['a missing resource', new SkipperError('not_found', 'gone'), 404, 'not_found'],
    ['a malformed ConfigMap', new SkipperError('config_error', 'no YAML'), 400, 'config_error'],
    ['a missing permission', new SkipperError('forbidden', 'no'), 500, 'forbidden'],
    [
      'a body that is too large',
      Object.assign(new Error('too large'), { status: 413, type: 'entity.too.large' }),
      413,
      'entity.too.large',
    ],
    ['a bug', new TypeError("cannot read 'password' of undefined"), 500, 'unexpected'],
    ['a thrown text', 'boom', 500, 'unexpected'],
    ['an error with a server status', Object.assign(new Error('x'), { status: 502 }), 500, 'unexpected'],
  ])('converts %s to a problem', (_what, thrown, status, code) => {
    const problem = toProblem(thrown);

    expect({ status: problem.status, code: problem.code }).toEqual({ status, code });
  });

  test('names the invalid field', () => {
    const { errors } = toProblem(new BadRequestError('namespaces', 'no FIAAS namespace: x'));

    expect(errors).toEqual([{ field: 'namespaces', message: 'no FIAAS namespace: x' }]);
  });

  test('sets Retry-After', () => {
    expect(toProblem(new SkipperError('redis_unavailable', 'away')).headers).toEqual({ 'retry-after': '5' });
  });

  test('acceptance 22: hides the details of a bug', () => {
    const body = problemBody(toProblem(new Error('postgres://user:hunter2@db')));

    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  test('returns a problem unchanged', () => {
    const problem = new HttpProblem(415, 'not_json', 'say that it is JSON');

    expect(toProblem(problem)).toBe(problem);
  });
});

describe('problemBody', () => {
  test('has the fields of RFC 9457', () => {
    const problem = new HttpProblem(400, 'bad_request', 'x is unknown', {
      errors: [{ field: 'x', message: 'is unknown' }],
    });

    expect(problemBody(problem)).toStrictEqual({
      type: 'about:blank',
      title: 'Bad request',
      status: 400,
      detail: 'x is unknown',
      code: 'bad_request',
      errors: [{ field: 'x', message: 'is unknown' }],
    });
  });

  test('omits an empty list of errors', () => {
    expect(problemBody(new HttpProblem(418, 'teapot', 'x'))).not.toHaveProperty('errors');
  });
});
