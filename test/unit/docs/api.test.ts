import { describe, expect, test } from '@jest/globals';
import { ROUTES } from '../../../api/routes.ts';
import { DeployBody } from '../../../api/schemas.ts';
import { PLAN_ACTIONS } from '../../../domain/deploy/plan-action.ts';
import { codesIn, tableBelow } from './tables.ts';

const PAGE = 'docs/api.md';

describe('docs/api.md', () => {
  test('lists all routes of the API', () => {
    const listed = tableBelow(PAGE, 'Endpoints', '| request | answer |').flatMap(([request]) =>
      codesIn(request),
    );

    expect(listed.sort()).toEqual(ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort());
  });

  test('lists the fields of a deploy', () => {
    const listed = tableBelow(PAGE, 'Deploy', '| field | type | meaning |').flatMap(([field]) =>
      codesIn(field),
    );

    expect([...listed, 'force-bootstrap'].sort()).toEqual(Object.keys(DeployBody.shape).sort());
  });

  test('lists the actions of a plan', () => {
    const listed = tableBelow(PAGE, 'Deploy', '| `action` | what a deploy would do |').flatMap(([action]) =>
      codesIn(action),
    );

    expect(listed.sort()).toEqual([...PLAN_ACTIONS].sort());
  });
});
