import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { SETTING_NAMES, Settings, variableOf } from '../../shared/config.ts';
import { loadKubeConfig } from '../../shared/kubernetes/load-kube-config.ts';
import { ROOT, readComposeFile } from './compose-file.ts';
import { entrypointOf } from './dockerfile.ts';

const { services, volumes } = readComposeFile();
const { redis, api, worker, cluster } = services;
const SKIPPERS = Object.entries(services).filter(([name]) => name !== 'redis');

describe.each(Object.entries(services))('service %s', (_name, service) => {
  test('is hardened', () => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.user).not.toMatch(/^(0|root)(:|$)/);
  });

  test('has a health check that needs only what its image contains', () => {
    expect(service.healthcheck.test[0]).toMatch(/^CMD/);
    expect(service.healthcheck.test.join(' ')).not.toMatch(/curl|wget/);
  });

  test('waits until its dependencies are healthy', () => {
    for (const [needed, { condition }] of Object.entries(service.depends_on)) {
      expect(Object.keys(services)).toContain(needed);
      expect(condition).toBe('service_healthy');
    }
  });

  test('uses volumes that exist', () => {
    for (const volume of service.volumes) {
      const [type, source] =
        typeof volume === 'string' ? ['volume', volume.split(':')[0]] : [volume.type, volume.source];
      if (type === 'volume') expect(Object.keys(volumes)).toContain(source);
      else expect(existsSync(ROOT + source)).toBe(true);
    }
  });
});

describe.each(SKIPPERS)(
  "Skipper's service %s",
  (name, { image, command, environment, healthcheck, user, build, init }) => {
    test('runs an existing command with existing flags', () => {
      const [program = '', ...args] = entrypointOf(build?.target ?? '');
      const words = command.filter((word) => !word.startsWith('--'));
      const { stdout, status } = spawnSync(program, [...args, ...words, '--help'], { encoding: 'utf8' });

      expect(status).toBe(0);
      for (const flag of command.filter((word) => !words.includes(word)))
        expect(stdout).toContain(`${flag.split('=')[0]} <`);
    });

    test('sets only known settings, to valid values', () => {
      const variables = new Map(SETTING_NAMES.map((name) => [variableOf(name), name]));
      for (const [variable, value] of Object.entries(environment)) {
        const name = variables.get(variable);
        expect([variable, name]).not.toContain(undefined);
        if (name !== undefined) expect(Settings.shape[name].safeParse(value).success).toBe(true);
      }
    });

    test("is built here, runs as uid 1000, and checks readiness with the image's health check", () => {
      const isSimulated = name === 'cluster';
      expect(build).toEqual({ context: '.', target: isSimulated ? 'simulated' : 'skipper' });
      expect(image).toBe(isSimulated ? 'skipper-simulated:local' : 'skipper:local');
      expect(user).toBe('1000:1000');
      const port = isSimulated ? ['--port=6480'] : [];
      expect(healthcheck.test).toEqual(['CMD', 'node', '/app/dist/bin/health.js', '/readyz', ...port]);
      expect(readFileSync(`${ROOT}Dockerfile`, 'utf8')).toContain('CMD ["node", "/app/dist/bin/health.js"]');
    });

    test('handles signals from its start', () => {
      // As process 1, Node has no handler while it loads: bin/skipper passes signals on, or an init does.
      const [program] = entrypointOf(build?.target ?? '');
      expect(program === `${ROOT}bin/skipper` || init === true).toBe(true);
    });
  },
);

describe('docker-compose.yml', () => {
  test("persists Redis' data, and disables eviction", () => {
    const flags = redis?.command.join(' ');

    expect(flags).toContain('--appendonly yes');
    expect(flags).toContain('--maxmemory-policy noeviction');
    expect(redis?.volumes).toEqual(['redis:/data']);
    expect(redis?.ports).toBeUndefined();
  });

  test('workers can be scaled: no port, no fixed name, two by default', () => {
    expect(worker?.ports).toBeUndefined();
    expect(worker).not.toHaveProperty('container_name');
    expect(worker?.deploy).toEqual({ replicas: 2 });
  });

  test('the API listens on port 5000 of localhost, unless configured otherwise', () => {
    expect(api?.ports).toEqual(['127.0.0.1:5000:5000']);
    const open = readComposeFile({ SKIPPER_ADDRESS: '0.0.0.0', SKIPPER_PORT: '80' });
    expect(open.services.api?.ports).toEqual(['0.0.0.0:80:5000']);
    expect(api?.environment.PORT).toBe('5000');
  });

  test('API and workers depend on Redis, and on the simulated cluster if it runs', () => {
    for (const service of [api, worker]) {
      expect(service?.depends_on).toEqual({
        redis: { condition: 'service_healthy', required: true },
        cluster: { condition: 'service_healthy', restart: true, required: false },
      });
    }
    expect(cluster?.profiles).toEqual(['simulated']);
    for (const [name, { profiles }] of Object.entries(services))
      if (name !== 'cluster') expect(profiles).toBeUndefined();
  });

  test('leaves running jobs time to end', () => {
    const seconds = (text = '') => Number(text.replace(/s$/, ''));
    for (const service of [api, worker])
      expect(seconds(service?.stop_grace_period)).toBeGreaterThan(
        seconds(service?.environment.GRACE_PERIOD) + 5,
      );
  });

  test('the simulated cluster writes its files to the folder of the config file, on a tmpfs', () => {
    const [file] = [Settings.shape.configFile.parse(undefined)];
    const folder = file.slice(0, file.lastIndexOf('/'));

    expect(cluster?.command).toContain(`--directory=${folder}`);
    expect(cluster?.volumes).toEqual([`simulated:${folder}`]);
    for (const service of [api, worker])
      expect(service?.volumes).toContainEqual({
        type: 'volume',
        source: 'simulated',
        target: folder,
        read_only: true,
      });
    expect(volumes.simulated).toMatchObject({ driver_opts: { type: 'tmpfs' } });
  });

  test('no variable overrides the config file of the simulated cluster', () => {
    for (const variable of ['KUBECONFIG', 'BASEURL', 'REDIS_PREFIX', 'CONFIG_FILE', 'API_SERVER'])
      for (const service of [api, worker]) expect(service?.environment).not.toHaveProperty(variable);
  });

  test("mounts the user's kubeconfig read-only in its default place, and never creates a folder for it", () => {
    const own = readComposeFile({ KUBECONFIG: '/home/me/.kube/config' });
    for (const service of [own.services.api, own.services.worker])
      expect(service?.volumes).toContainEqual({
        type: 'bind',
        source: '/home/me/.kube/config',
        target: '/home/node/.kube/config',
        read_only: true,
        bind: { create_host_path: false },
      });
    expect(readFileSync(`${ROOT}Dockerfile`, 'utf8')).toMatch(/HOME=\/home\/node$/m);
  });

  test('mounts a kubeconfig without a cluster by default', () => {
    const load = () => loadKubeConfig({ kubeconfig: `${ROOT}deploy/no-cluster.yaml` });

    expect(load).toThrow('deploy/no-cluster.yaml has no current-context: set it');
  });
});
