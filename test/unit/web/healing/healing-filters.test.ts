import { describe, expect, test } from '@jest/globals';
import { hrefOf, isFiltered, parseFilters, toRequest } from '../../../../web/healing/healing-filters.ts';

describe('the filters of the page of healing', () => {
  test('survive the URL', () => {
    const query = 'state=quarantined&rule=oom&namespace=team&cursor=waiting%2Fteam-a';
    const filters = parseFilters(new URLSearchParams(query));

    expect(filters).toEqual({
      state: 'quarantined',
      rule: 'oom',
      namespace: 'team',
      cursor: 'waiting/team-a',
    });
    expect(hrefOf(filters)).toBe(`/healing?${query}`);
    expect(toRequest(filters)).toEqual({ ...filters, limit: 50 });
    expect(isFiltered(filters)).toBe(true);
  });

  test('that are unknown are ignored', () => {
    const filters = parseFilters(new URLSearchParams('state=ill&rule=none&cursor=x'));

    expect(filters).toEqual({ state: '', rule: '', namespace: '', cursor: '' });
    expect(hrefOf(filters)).toBe('/healing');
    expect(isFiltered(filters)).toBe(false);
  });
});
