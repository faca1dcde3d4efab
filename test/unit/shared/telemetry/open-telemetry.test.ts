import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openTelemetry } from '../../../../shared/telemetry/open-telemetry.ts';
import { silentLog } from '../../../support/builders.ts';

const SDK = /from '(?:@opentelemetry\/(?:sdk|exporter|resources)|bullmq-otel)/;

describe('openTelemetry', () => {
  test('does nothing without a collector', async () => {
    const telemetry = await openTelemetry(undefined, '1.0.0', silentLog);

    expect(telemetry.queues).toBeUndefined();
    await telemetry.close();
  });

  test('is the only file that loads the SDK', () => {
    const root = new URL('../../../../', import.meta.url).pathname;
    const files = ['api', 'bin', 'cli', 'shared', 'worker'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.tsx?$/.test(name))
        .map((name) => join(folder, name)),
    );
    const loading = files.filter((file) => SDK.test(readFileSync(join(root, file), 'utf8')));
    const importing = files.filter((file) =>
      /from '.*queue-telemetry\.ts'/.test(readFileSync(join(root, file), 'utf8')),
    );

    // Only open-telemetry.ts loads it, if a collector is configured.
    expect(loading).toEqual(['shared/telemetry/queue-telemetry.ts']);
    expect(importing).toEqual([]);
  });
});
