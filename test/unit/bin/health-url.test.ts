import { describe, expect, test } from '@jest/globals';
import { healthUrl } from '../../../bin/health-url.ts';

const NODE = ['node', '/app/dist/bin/skipper.js'];

describe('healthUrl', () => {
  test.each([
    ['the API by default', [...NODE, 'api'], {}, 'http://127.0.0.1:5000/healthz'],
    ['the API by $PORT', [...NODE, 'api'], { PORT: '8080' }, 'http://127.0.0.1:8080/healthz'],
    [
      'a flag instead of its variable',
      [...NODE, 'api', '--port', '81'],
      { PORT: '80' },
      'http://127.0.0.1:81/healthz',
    ],
    ['a flag with an equals sign', [...NODE, 'standalone', '--port=82'], {}, 'http://127.0.0.1:82/healthz'],
    ['a worker on its own port', [...NODE, 'worker'], { PORT: '8080' }, 'http://127.0.0.1:5001/healthz'],
    ['a worker by $WORKER_PORT', [...NODE, 'worker'], { WORKER_PORT: '91' }, 'http://127.0.0.1:91/healthz'],
    ['a worker by its flag', [...NODE, 'worker', '--worker-port', '92'], {}, 'http://127.0.0.1:92/healthz'],
    ['another program by its --port', ['--port=6480'], { PORT: '1' }, 'http://127.0.0.1:6480/healthz'],
    [
      'a command line started by an init',
      ['/sbin/docker-init', '--', '/app/bin/skipper', 'worker'],
      {},
      'http://127.0.0.1:5001/healthz',
    ],
    ['an unknown process as the API', ['sleep', '1'], {}, 'http://127.0.0.1:5000/healthz'],
    ['an empty variable as unset', [...NODE, 'api'], { PORT: '' }, 'http://127.0.0.1:5000/healthz'],
  ])('%s', (_what, commandLine, env, url) => {
    expect(healthUrl('/healthz', commandLine, env)).toBe(url);
  });

  test.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['10.1.2.3', '10.1.2.3'],
    ['::1', '[::1]'],
  ])('a server that listens on %s is probed at %s', (host, probed) => {
    expect(healthUrl('/readyz', [...NODE, 'api'], { HOST: host })).toBe(`http://${probed}:5000/readyz`);
    expect(healthUrl('/readyz', [...NODE, 'api', `--host=${host}`], {})).toBe(`http://${probed}:5000/readyz`);
  });
});
