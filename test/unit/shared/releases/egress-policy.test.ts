import type { LookupAddress, LookupAllOptions, lookup } from 'node:dns';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { type EgressPolicyOptions, isPrivateAddress } from '../../../../shared/releases/egress-policy.ts';
import { fetchDocument } from '../../../../shared/releases/fetch-document.ts';
import '../../../support/fake-one-realm.ts';
import { anOutbound } from '../../../support/fake-release-server.ts';

const INSIDE = 'inside.example';

type AllCallback = (error: Error | null, addresses: LookupAddress[]) => void;

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<number> {
  return listen(createHttpServer(listener));
}

/** A name server that only knows `inside.example`, which is this machine. */
const resolveInside = ((hostname: string, options: LookupAllOptions, callback: AllCallback) => {
  if (hostname !== INSIDE) return callback(new Error(`no such host: ${hostname}`), []);
  if (options.all) return callback(null, [{ address: '127.0.0.1', family: 4 }]);
  (callback as unknown as (error: null, address: string, family: number) => void)(null, '127.0.0.1', 4);
}) as unknown as typeof lookup;

function open(options: Partial<EgressPolicyOptions> = {}) {
  return anOutbound({ baseUrl: 'http://127.0.0.1/releases', resolveName: resolveInside, ...options });
}

function get(url: string, options: Partial<EgressPolicyOptions> = {}) {
  return fetchDocument(url, {}, { timeoutMs: 5_000, egress: open(options) });
}

describe('isPrivateAddress', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    'not an address',
  ])('is true for %s', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  test.each([
    ['this network', '0.0.0.0', '0.255.255.255'],
    ['private use', '10.0.0.0', '10.255.255.255'],
    ['shared address space', '100.64.0.0', '100.127.255.255'],
    ['loopback', '127.0.0.0', '127.255.255.255'],
    ['link local', '169.254.0.0', '169.254.255.255'],
    ['private use', '172.16.0.0', '172.31.255.255'],
    ['IETF protocol assignments', '192.0.0.0', '192.0.0.255'],
    ['documentation', '192.0.2.0', '192.0.2.255'],
    ['former 6to4 relays', '192.88.99.0', '192.88.99.255'],
    ['private use', '192.168.0.0', '192.168.255.255'],
    ['benchmarking', '198.18.0.0', '198.19.255.255'],
    ['documentation', '198.51.100.0', '198.51.100.255'],
    ['documentation', '203.0.113.0', '203.0.113.255'],
    ['multicast', '224.0.0.0', '239.255.255.255'],
    ['reserved', '240.0.0.0', '255.255.255.254'],
    ['loopback', '::1', '::1'],
    ['translated IPv4', '64:ff9b::', '64:ff9b::ffff:ffff'],
    ['mapped IPv4', '::ffff:192.168.0.1', '::ffff:169.254.169.254'],
    ['discard only', '100::', '100::ffff:ffff:ffff:ffff'],
    ['IETF protocol assignments, including Teredo', '2001::', '2001::ffff:ffff'],
    ['benchmarking', '2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff'],
    ['documentation', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['ORCHID', '2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['6to4', '2002:a00:1::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['unique local', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['link local', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['multicast', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('is true for RFC 6890, %s: %s to %s', (_what, first, last) => {
    expect([isPrivateAddress(first), isPrivateAddress(last)]).toEqual([true, true]);
  });

  test.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.1',
    '192.0.1.0',
    '192.175.48.1',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '185.199.108.153',
    '2606:50c0:8000::153',
    '2003::1',
    '2620:4f:8000::1',
    '::ffff:1.1.1.1',
  ])('is false for %s', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});

describe('specs', () => {
  test.each(['https://releases.example/artifacts/1/fiaas.yml', 'https://RELEASES.example:8443/x'])(
    'are allowed on the host of the channels: %s',
    (spec) => {
      expect(() => open({ baseUrl: 'https://releases.example/r' }).assertSpecAllowed(spec)).not.toThrow();
    },
  );

  test('are rejected on another host, with the fix', () => {
    const egress = open({ baseUrl: 'https://releases.example/r' });

    expect(() => egress.assertSpecAllowed('https://evil.example/fiaas.yml')).toThrow(
      /spec https:\/\/evil\.example\/fiaas\.yml is not on the host .* add "evil\.example" to --release-allowed-hosts/,
    );
  });

  test('are allowed on another host if it is in the allowed hosts', () => {
    const egress = open({ baseUrl: 'https://releases.example/r', allowedHosts: ['specs.example'] });

    expect(() => egress.assertSpecAllowed('https://specs.example/fiaas.yml')).not.toThrow();
  });
});

describe('redirects', () => {
  async function redirecting(to: (port: number) => string): Promise<string> {
    const target = await serve((_request, response) => response.end('inner secret'));
    const port = await serve((_request, response) => response.writeHead(302, { location: to(target) }).end());
    return `http://127.0.0.1:${port}/stable.json`;
  }

  test('to a name that resolves to a private address are rejected', async () => {
    const url = await redirecting((port) => `http://${INSIDE}:${port}/latest/meta-data`);

    await expect(get(url)).rejects.toMatchObject({
      code: 'invalid_release',
      message: expect.stringMatching(/inside\.example \(127\.0\.0\.1\) is a private address/),
    });
  });

  test('to a name with a private address after a public one are rejected', async () => {
    const url = await redirecting((port) => `http://${INSIDE}:${port}/latest/meta-data`);
    const resolveName = ((_name: string, _options: LookupAllOptions, callback: AllCallback) =>
      callback(null, [
        { address: '93.184.215.14', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ])) as unknown as typeof lookup;

    await expect(get(url, { resolveName })).rejects.toMatchObject({
      code: 'invalid_release',
      message: expect.stringMatching(/inside\.example \(127\.0\.0\.1\) is a private address/),
    });
  });

  test.each(['http://169.254.169.254/latest', 'http://[::1]/x'])('to %s are rejected', async (location) => {
    const url = await redirecting(() => location);

    await expect(get(url)).rejects.toMatchObject({ code: 'invalid_release' });
  });

  test('to a private address are followed if its host is allowed', async () => {
    const url = await redirecting((port) => `http://${INSIDE}:${port}/x`);

    const answer = await get(url, { allowedHosts: [INSIDE] });

    expect(answer).toMatchObject({ kind: 'content', text: 'inner secret' });
  });

  test('on the host of the channels are followed', async () => {
    const url = await redirecting((port) => `http://127.0.0.1:${port}/x`);

    expect(await get(url)).toMatchObject({ kind: 'content' });
  });

  test.each([
    ['https://a.example/x', 'http://a.example/x'],
    ['https://a.example/x', 'file:///etc/passwd'],
  ])('from %s to %s are rejected', (from, to) => {
    expect(() => open().assertRedirectAllowed(from, to)).toThrow(`redirects to ${to}: not followed`);
  });
});

describe('TLS', () => {
  async function secureServer() {
    const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    const server = createHttpsServer({ key: pems.private, cert: pems.cert }, (_request, response) =>
      response.end('safe'),
    );
    return { url: `https://127.0.0.1:${await listen(server)}/x`, ca: pems.cert };
  }

  test('an unknown certificate authority is rejected', async () => {
    const { url } = await secureServer();

    await expect(get(url)).rejects.toThrow(/self-signed certificate/);
  });

  test('a given certificate authority is trusted', async () => {
    const { url, ca } = await secureServer();

    expect(await get(url, { ca })).toMatchObject({ text: 'safe' });
  });
});

describe('proxies', () => {
  test('are used, except for hosts in NO_PROXY', async () => {
    const proxiedHosts: string[] = [];
    const port = await serve((_request, response) => response.end('direct'));
    const proxy = createHttpServer();
    proxy.on('connect', (request, client, head) => {
      proxiedHosts.push(request.url ?? '');
      const server = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        server.write(head);
        server.pipe(client).pipe(server);
      });
      server.on('error', () => client.destroy());
      client.on('error', () => server.destroy());
    });
    const httpProxy = `http://127.0.0.1:${await listen(proxy)}`;

    // Only the proxy can resolve this name.
    const proxied = await get('http://releases.invalid/x', { httpProxy });
    const direct = await get(`http://127.0.0.1:${port}/x`, { httpProxy, noProxy: '127.0.0.1' });

    expect(proxied).toMatchObject({ text: 'direct' });
    expect(direct).toMatchObject({ text: 'direct' });
    expect(proxiedHosts).toEqual(['releases.invalid:80']);
  });
});

describe('credentials of the base URL', () => {
  const { authorizationFor } = anOutbound({ baseUrl: 'https://me:p%23w@releases.example/base' });

  test.each([
    ['their own server', 'https://releases.example/other', { authorization: `Basic ${btoa('me:p#w')}` }],
    ['another host', 'https://elsewhere.example/', {}],
    ['another port', 'https://releases.example:444/', {}],
    ['plain HTTP', 'http://releases.example/', {}],
  ])('are sent only to their own server: %s', (_what, url, header) => {
    expect(authorizationFor(url)).toEqual(header);
  });
});
