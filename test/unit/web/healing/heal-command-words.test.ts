import { describe, expect, test } from '@jest/globals';
import { describeHealCommand, titleOf } from '../../../../web/healing/heal-command-words.ts';

describe('a command about healing', () => {
  test('names what it is about', () => {
    expect(titleOf({ kind: 'stop' })).toBe('Stop healing');
    expect(titleOf({ kind: 'release', namespaces: ['team-a'] })).toBe('Release from quarantine: team-a');
    expect(titleOf({ kind: 'release', namespaces: ['team-a', 'team-b'] })).toBe(
      'Release from quarantine: 2 namespaces',
    );
  });

  test.each([
    [{ kind: 'stop' } as const, /until somebody resumes/],
    [{ kind: 'resume' } as const, /within seconds/],
    [{ kind: 'release', namespaces: ['team-a'] } as const, /begins again/],
  ])('says what %j will do, and that nothing is repaired in the mode report', (command, line) => {
    expect(describeHealCommand(command, 'on').join(' ')).toMatch(line);
    expect(describeHealCommand(command, 'on').join(' ')).not.toContain('--heal report');
    expect(describeHealCommand(command, 'report').at(-1)).toContain('nothing is repaired anyway');
  });
});
