import { describe, expect, test } from '@jest/globals';
import { HttpProblem, problemBody, toProblem } from '../../../api/problem.ts';
import { SkipperError } from '../../../domain/errors.ts';
import { BadRequestError } from '../../../shared/deploy-service.ts';

describe('toProblem', () => {
  test.each([
    [
      'an unknown namespace',
      new BadRequestError('namespaces', 'no FIAAS namespace: x', ['x']),
      400,
      'bad_request',
    ],
    ['a key used twice', new BadRequestError('Idempotency-Key', 'used'), 422, 'bad_request'],
    ['Redis away', new SkipperError('redis_unavailable', 'away'), 503, 'redis_unavailable'],
    ['the cluster away', new SkipperError('cluster_unavailable', 'away'), 503, 'cluster_unavailable'],
    ['a thing that is not there', new SkipperError('not_found', 'gone'), 404, 'not_found'],
    ['a malformed ConfigMap', new SkipperError('config_error', 'no YAML'), 400, 'config_error'],
    ['a missing right', new SkipperError('forbidden', 'no'), 500, 'forbidden'],
    [
      'too large a body',
      Object.assign(new Error('too large'), { status: 413, type: 'entity.too.large' }),
      413,
      'entity.too.large',
    ],
    ['a bug', new TypeError("cannot read 'password' of undefined"), 500, 'unexpected'],
    ['a thrown text', 'boom', 500, 'unexpected'],
    [
      'an error that claims a status of ours',
      Object.assign(new Error('x'), { status: 502 }),
      500,
      'unexpected',
    ],
  ])('answers %s', (_what, thrown, status, code) => {
    const problem = toProblem(thrown);

    expect({ status: problem.status, code: problem.code }).toEqual({ status, code });
  });

  test('names the field that is wrong', () => {
    const { errors } = toProblem(new BadRequestError('namespaces', 'no FIAAS namespace: x'));

    expect(errors).toEqual([{ field: 'namespaces', message: 'no FIAAS namespace: x' }]);
  });

  test('says when to come back', () => {
    expect(toProblem(new SkipperError('redis_unavailable', 'away')).headers).toEqual({ 'retry-after': '5' });
  });

  test('acceptance 22: tells nothing of the inside of a bug', () => {
    const body = problemBody(toProblem(new Error('postgres://user:hunter2@db')));

    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  test('leaves a problem as it is', () => {
    const problem = new HttpProblem(415, 'not_json', 'say that it is JSON');

    expect(toProblem(problem)).toBe(problem);
  });
});

describe('problemBody', () => {
  test('is what RFC 9457 asks for', () => {
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

  test('has no list of errors where there are none', () => {
    expect(problemBody(new HttpProblem(418, 'teapot', 'x'))).not.toHaveProperty('errors');
  });
});
