import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import '../../support/fake-one-realm.ts';
import {
  ConfigurationError,
  flagOf,
  isFlag,
  readSettings,
  redactSettings,
  SETTING_NAMES,
  type SettingName,
  Settings,
  variableOf,
} from '../../../shared/config.ts';

/** Upstream's flags (upstream-behaviour §6), each with a value that is not its default. */
const UPSTREAM: readonly (readonly [flag: string, value: string, read: unknown])[] = [
  ['log-format', 'json', 'json'],
  ['debug', 'true', true],
  ['port', '8080', 8080],
  ['baseurl', 'https://example.com/releases', 'https://example.com/releases'],
  ['release-channel-metadata', '{"image":"fdd:1"}', '{"image":"fdd:1"}'],
  ['release-channel-metadata-spec', '/spec.yml', '/spec.yml'],
  ['spec-file-override', '/override.yml', '/override.yml'],
  ['disable-autoupdate', 'true', true],
  ['status-update-interval', '15', 15],
  ['manage-rbac', 'true', true],
  ['use-apiextensionsv1-crd', 'true', true],
  ['api-server', 'https://kubernetes.example.com', 'https://kubernetes.example.com'],
  ['api-token', 'secret', 'secret'],
  ['api-cert', '/ca.pem', '/ca.pem'],
  ['client-cert', '/cert.pem', '/cert.pem'],
  ['client-key', '/key.pem', '/key.pem'],
];

/** Settings that are only valid together with another setting. */
const COUNTERPARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'release-channel-metadata': { 'release-channel-metadata-spec': '/spec.yml' },
  'client-cert': { 'client-key': '/key.pem' },
  'client-key': { 'client-cert': '/cert.pem' },
};

const folder = mkdtempSync(join(tmpdir(), 'skipper-config-'));
let files = 0;

function aFile(text: string): string {
  files += 1;
  const path = join(folder, `config-${files}.yaml`);
  writeFileSync(path, text);
  return path;
}

function read(
  sources: {
    flags?: Partial<Record<SettingName, unknown>>;
    env?: Record<string, string>;
    file?: string;
  } = {},
) {
  const { flags = {}, env = {}, file } = sources;
  return readSettings({ flags: file === undefined ? flags : { configFile: aFile(file), ...flags }, env });
}

function nameOf(flag: string): SettingName {
  const name = SETTING_NAMES.find((each) => flagOf(each) === flag);
  if (name === undefined) throw new Error(`there is no flag --${flag}`);
  return name;
}

function upperSnake(flag: string): string {
  return flag.toUpperCase().replaceAll('-', '_');
}

describe('readSettings', () => {
  test("has upstream's defaults", () => {
    expect(read()).toMatchObject({
      logFormat: 'plain',
      debug: false,
      port: 5000,
      baseurl: 'https://fiaas.github.io/releases',
      specFileOverride: '/var/run/config/fiaas/fiaas_override.yaml',
      configFile: '/var/run/config/fiaas/cluster_config.yaml',
      disableAutoupdate: false,
      statusUpdateInterval: 30,
      manageRbac: false,
      releaseCheckInterval: 60,
    });
  });

  describe.each(UPSTREAM)('acceptance 20: --%s', (flag, value, expected) => {
    const counterparts = COUNTERPARTS[flag] ?? {};

    test('is a flag', () => {
      const flags = Object.fromEntries(
        Object.entries({ ...counterparts, [flag]: value }).map(([each, text]) => [nameOf(each), text]),
      );

      expect(read({ flags })[nameOf(flag)]).toEqual(expected);
    });

    test('is a variable', () => {
      const env = Object.fromEntries(
        Object.entries({ ...counterparts, [flag]: value }).map(([each, text]) => [upperSnake(each), text]),
      );

      expect(read({ env })[nameOf(flag)]).toEqual(expected);
    });

    test('is a key of the config file', () => {
      const file = Object.entries({ ...counterparts, [flag]: value })
        .map(([each, text]) => `${each}: ${JSON.stringify(text)}\n`)
        .join('');

      expect(read({ file })[nameOf(flag)]).toEqual(expected);
    });
  });

  test('acceptance 20: a flag wins over a variable, a variable over the file, the file over the default', () => {
    const flags = { port: '1' };
    const env = { PORT: '2' };
    const file = 'port: 3';

    expect(read({ flags, env, file }).port).toBe(1);
    expect(read({ env, file }).port).toBe(2);
    expect(read({ file }).port).toBe(3);
    expect(read().port).toBe(5000);
  });

  test('a switch that the file turns on can be turned off by its variable', () => {
    expect(
      read({ env: { DISABLE_AUTOUPDATE: 'false' }, file: 'disable-autoupdate: true' }).disableAutoupdate,
    ).toBe(false);
  });

  test('treats an empty variable as unset', () => {
    expect(read({ env: { PORT: '', DEBUG: '', API_TOKEN: '' } })).toMatchObject({ port: 5000, debug: false });
    expect(read({ env: { API_TOKEN: '' } }).apiToken).toBeUndefined();
  });

  test('treats an empty CONFIG_FILE as unset', () => {
    expect(read({ env: { CONFIG_FILE: '' } }).port).toBe(5000);
  });

  test('ignores unknown keys of the file, because it can be FDD’s own', () => {
    const file = 'ingress-suffixes: [example.com]\nenvironment: test\nlog-format: json\n3: x\n';

    expect(read({ file }).logFormat).toBe('json');
  });

  test.each(['', '# nothing\n', 'null', '{}'])('treats the file %j as empty', (file) => {
    expect(read({ file }).port).toBe(5000);
  });

  test('treats null in the file as unset', () => {
    expect(read({ file: 'port: null\napi-token:\n' })).toMatchObject({ port: 5000 });
  });

  test('reads the file that CONFIG_FILE names', () => {
    expect(read({ env: { CONFIG_FILE: aFile('port: 7000') } }).port).toBe(7000);
  });

  test.each([
    ['true', true],
    ['True', true],
    ['yes', true],
    ['1', true],
    ['"1"', true],
    ['on', true],
    ['false', false],
    ['no', false],
    ['0', false],
    ['off', false],
  ])('acceptance 20: reads a switch that the file sets to %s, as upstream does', (word, on) => {
    expect(read({ file: `manage-rbac: ${word}` }).manageRbac).toBe(on);
  });

  test.each([
    ['a flag', { flags: { logFormat: 'xml' } }, /--log-format: /],
    ['a variable', { env: { PORT: 'http' } }, /\$PORT: /],
    ['a key of the file', { file: 'concurrency: 0' }, /concurrency in the config file: /],
    ['a word instead of a number', { flags: { concurrency: 'many' } }, /--concurrency: expected a number$/],
    [
      'a base URL of another scheme',
      { flags: { baseurl: 'htps://x/releases' } },
      /--baseurl: expected http:/,
    ],
    ['a port out of range', { env: { PORT: '70000' } }, /\$PORT/],
    ['a broken port', { env: { PORT: '80.5' } }, /\$PORT/],
    [
      'a public URL with a path',
      { flags: { publicUrl: 'https://skipper.example.com/skipper' } },
      /--public-url: expected scheme, host and port only/,
    ],
    ['a public URL that cannot be read', { flags: { publicUrl: 'https://a b' } }, /--public-url: /],
    ['a zero interval', { env: { RELEASE_CHECK_INTERVAL: '0' } }, /\$RELEASE_CHECK_INTERVAL/],
    ['a switch that is not a boolean', { env: { DEBUG: 'perhaps' } }, /\$DEBUG: expected true or false/],
    ['a prefix with a brace', { env: { REDIS_PREFIX: '{x}' } }, /letters, digits/],
    ['a mapping instead of a text', { file: 'baseurl: {a: 1}' }, /baseurl in the config file/],
    [
      'metadata without its spec',
      { env: { RELEASE_CHANNEL_METADATA: '{}' } },
      /needs --release-channel-metadata-spec/,
    ],
    ['Sentinels without a name', { flags: { redisSentinels: 'a:1' } }, /go together/],
    ['a name without Sentinels', { flags: { redisSentinelMaster: 'a' } }, /go together/],
    [
      'Sentinels of a Cluster',
      { flags: { redisSentinels: 'a:1', redisSentinelMaster: 'a', redisCluster: true } },
      /a Redis Cluster has no Sentinels/,
    ],
    ['a Sentinel with a scheme', { flags: { redisSentinels: 'redis://a' } }, /expected host:port/],
    ['a certificate authority without TLS', { flags: { redisCaFile: '/ca' } }, /rediss:/],
    ['a client certificate without TLS', { flags: { redisCertFile: '/a', redisKeyFile: '/b' } }, /rediss:/],
    [
      'an environment label that is too long',
      { flags: { environmentLabel: 'x'.repeat(41) } },
      /40 characters/,
    ],
    ...['nowhere', '10.0.0.0/33', '0.0.0.0/0', '::/0', '1.2.3.4/8/8', '1', 'true', '10.0.0.1,'].map(
      (trustProxy) => [`the proxy ${trustProxy}`, { flags: { trustProxy } }, /expected addresses/] as const,
    ),
    ...[
      '/a/../b',
      '..',
      '/.well',
      '/a//b',
      '//a',
      '/a?b',
      '/a#b',
      '/a%2fb',
      'https://a/b',
      '/a b',
      '/é',
      '/a\\b',
    ].map(
      (basePath) =>
        [
          `the base path ${basePath}`,
          { flags: { basePath } },
          /--base-path: expected a path such as \/skipper/,
        ] as const,
    ),
    [
      'a base path in the environment',
      { flags: {}, env: { BASE_PATH: '/a/..' } },
      /\$BASE_PATH: expected a path.*not "\/a\/\.\."/,
    ],
    ['a client certificate without its key', { flags: { redisCertFile: '/a' } }, /--redis-key-file/],
    ['a certificate without its key', { flags: { clientCert: '/c' } }, /go together/],
    ['a key without its certificate', { flags: { clientKey: '/k' } }, /go together/],
    ['a missing file', { flags: { configFile: '/nowhere.yaml' } }, /\/nowhere.yaml does not exist/],
    ['a file that is not YAML', { file: 'a: [' }, /not valid YAML/],
    ['a duplicate setting', { file: 'port: 1\nport: 2' }, /a setting more than once: port/],
    ['a file that is not a mapping', { file: '- a' }, /not a YAML mapping/],
    ['a file that is a folder', { flags: { configFile: folder } }, /cannot be read/],
  ])('acceptance 20: rejects %s with a clear message', (_what, sources, message) => {
    expect(() => read(sources)).toThrow(ConfigurationError);
    expect(() => read(sources)).toThrow(message);
  });

  test('reports all errors at once, each with its origin', () => {
    const sources = {
      flags: { port: 'x' },
      env: { LOG_FORMAT: 'xml' },
      file: 'concurrency: many\nmax-attempts: 0',
    };

    expect(() => read(sources)).toThrow(
      /(?=[\s\S]*--port)(?=[\s\S]*\$LOG_FORMAT)(?=[\s\S]*concurrency in the config file)(?=[\s\S]*max-attempts in the config file)/,
    );
  });

  test('reports all settings at once that lack their counterpart', () => {
    const flags = { releaseChannelMetadata: '{}', clientCert: '/c' };

    expect(() => read({ flags })).toThrow(
      /(?=[\s\S]*--release-channel-metadata-spec)(?=[\s\S]*--client-key)/,
    );
  });

  test('returns frozen settings', () => {
    expect(Object.isFrozen(read())).toBe(true);
  });
});

describe('Settings', () => {
  test('all have a description, which --help shows', () => {
    const undescribed = SETTING_NAMES.filter((name) => !Settings.shape[name].description);

    expect(undescribed).toEqual([]);
  });

  test('include exactly these switches', () => {
    expect(SETTING_NAMES.filter(isFlag).map(flagOf)).toEqual([
      'debug',
      'disable-autoupdate',
      'manage-rbac',
      'use-apiextensionsv1-crd',
      'redis-cluster',
      'heal-scaled-down',
      'disable-kubernetes-events',
      'disable-crd-creation',
    ]);
  });

  test('each have their own variable', () => {
    expect(new Set(SETTING_NAMES.map(variableOf)).size).toBe(SETTING_NAMES.length);
  });
});

describe('redactSettings', () => {
  test('redacts the token and the passwords in URLs', () => {
    const settings = read({
      flags: {
        apiToken: 'hunter2',
        redisUrl: 'redis://user:hunter2@redis:6379/0',
        redisSentinels: 'a:1,[::1]:2',
        redisSentinelMaster: 'mymaster',
        redisSentinelPassword: 'hunter2',
        baseurl: 'https://u:hunter2@x/',
      },
    });

    const shown = redactSettings(settings);

    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(settings.redisSentinels).toEqual(['a:1', '[::1]:2']);
    expect(shown).toMatchObject({ apiToken: '***', redisUrl: 'redis://***@redis:6379/0', port: 5000 });
  });
});

describe('a URL with special characters in its password', () => {
  test.each([
    ['redisUrl', 'redis://:hun#ter2@redis:6379', '--redis-url'],
    ['redisUrl', 'redis://:hun/ter2@redis:6379', '--redis-url'],
    ['redisUrl', 'redis://user:12/hunter2@redis:6379', '--redis-url'],
    ['redisUrl', 'redis://:hunter2%@redis:6379', '--redis-url'],
    ['redisUrl', 'redis://user:12?hunter2@redis:6379', '--redis-url'],
    ['baseurl', 'https://u:hunter2%@x/', '--baseurl'],
    ['httpProxy', 'http://u:hun#ter2@proxy', '--http-proxy'],
    ['httpsProxy', 'http://u:hunter2%@proxy', '--https-proxy'],
  ] as const)('%s %s is rejected, and the error names the flag but not the password', (name, url, flag) => {
    const reading = () => read({ flags: { [name]: url } });

    expect(reading).toThrow(new RegExp(`${flag}: cannot be read as a URL: percent-encode`));
    expect(reading).not.toThrow(/hunter2|ter2/);
  });

  test('is accepted if it is percent-encoded', () => {
    const redisUrl = 'redis://user:a%23%2F%25%40@redis:6379/1?family=6';

    expect(read({ flags: { redisUrl } })).toMatchObject({ redisUrl });
  });

  test.each([
    ['apiServer', 'https://u:hunter2@kubernetes', /--api-server: credentials.*--api-token/],
    ['otelExporterOtlpEndpoint', 'https://u:hunter2@collector', /OTEL_EXPORTER_OTLP_HEADERS/],
  ] as const)('%s with credentials is rejected, because they would be ignored', (name, url, message) => {
    expect(() => read({ flags: { [name]: url } })).toThrow(message);
  });
});
