import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openRolloutPolicy, type RolloutPolicySource } from '../../../shared/rollout-policy-file.ts';
import { silentLog } from '../../support/builders.ts';
import { until } from '../../support/until.ts';

describe('openRolloutPolicy', () => {
  let folder: string;
  let path: string;
  let source: RolloutPolicySource | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skipper-policy-'));
    path = join(folder, 'policy.yaml');
  });
  afterEach(async () => {
    source?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const open = () => {
    source = openRolloutPolicy(path, silentLog, { everyMs: 10 });
    return source;
  };

  /** As a mounted ConfigMap changes: at no time is the file empty, which would be a policy without rules. */
  async function replace(text: string): Promise<void> {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }

  test('has no rules without a file', () => {
    expect(openRolloutPolicy(undefined, silentLog).current()).toEqual({});
  });

  test('names line and field of what is wrong at the start', async () => {
    await writeFile(
      path,
      'api: {type: All}\nrelease: {type: Progressive, waves: [0%, 5]}\nreleas: {type: All}\n',
    );

    expect(open).toThrow(/policy\.yaml is wrong:[\s\S]*line 3: releas is not a known field/);
  });

  test('names the setting of a file that cannot be read', () => {
    expect(open).toThrow(/cannot be read: .*ENOENT.*; correct --rollout-policy/);
  });

  test('reads the file again when it changes, and keeps the last good policy of a wrong one', async () => {
    await writeFile(path, 'api: {type: All}\n');
    const policy = open();
    await replace('release: {type: All}\n');
    await until(() => policy.current().release !== undefined, 'the new policy is in use');

    await replace('release: {type: Sometimes}\n');
    await until(() => policy.problem() !== undefined, 'the wrong policy is noticed');

    expect(policy.problem()).toMatch(/line 1: release.*; the policy that was read before stays in use$/s);
    expect(policy.current()).toEqual({ release: { type: 'All' } });

    await replace('api: {type: All} # corrected\n');
    await until(() => policy.problem() === undefined, 'the corrected policy is in use');
    expect(policy.current()).toEqual({ api: { type: 'All' } });
  });
});
