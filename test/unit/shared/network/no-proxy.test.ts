import { describe, expect, test } from '@jest/globals';
import { parseNoProxy } from '../../../../shared/network/no-proxy.ts';

const targetOf = (url: string) => {
  const { hostname, port, protocol } = new URL(url);
  return { hostname, port, protocol };
};

/** The behaviour of curl 8 and of Go's golang.org/x/net/http/httpproxy, where both agree. */
describe('parseNoProxy', () => {
  test.each([
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://www.example.com', true],
    ['example.com', 'https://badexample.com', false],
    ['.example.com', 'https://www.example.com', true],
    ['*.example.com', 'https://www.example.com', true],
    ['EXAMPLE.com', 'https://Example.COM', true],
    ['example.com.', 'https://example.com', true],
    ['example.com', 'https://example.com.', true],
    ['.svc.cluster.local.', 'http://releases.fiaas.svc.cluster.local', true],
    ['a.example, b.example', 'https://b.example', true],
    ['a.example b.example', 'https://b.example', true],
    ['example.com:8443', 'https://example.com:8443', true],
    ['example.com:8443', 'https://example.com', false],
    ['example.com:443', 'https://example.com', true],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/8', 'http://ten.example', false],
    ['10.0.0.0/33', 'http://10.1.2.3', false],
    ['192.168.1.7', 'http://192.168.1.7:8080', true],
    ['192.168.1.7:80', 'http://192.168.1.7:8080', false],
    ['192.168.1', 'http://192.168.1.7', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['fd00::/8', 'http://10.0.0.1', false],
    ['::1', 'http://[::1]:8080', true],
    ['[::1]', 'http://[0:0:0:0:0:0:0:1]', true],
    ['[::1]:8080', 'http://[::1]:8080', true],
    ['[::1]:8080', 'http://[::1]', false],
    ['*', 'https://anything.example', true],
    ['a.example,*', 'https://anything.example', true],
    ['', 'https://anything.example', false],
    [' , ', 'https://anything.example', false],
  ])('NO_PROXY=%j matches %s: %s', (noProxy, url, expected) => {
    expect(parseNoProxy(noProxy)(targetOf(url))).toBe(expected);
  });
});
