import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Target } from './open-connector.ts';

type Server = Pick<Target, 'hostname' | 'port' | 'protocol'>;

/**
 * Reads NO_PROXY as curl and Go do: names with their subdomains, addresses, ranges in CIDR notation, each with an
 * optional port, and `*`. Names are compared without their trailing dot, and are not resolved.
 */
export function parseNoProxy(noProxy: string): (server: Server) => boolean {
  const matchers = noProxy
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .map(toMatcher);
  return ({ hostname, port, protocol }) => {
    const host = bare(hostname);
    const number = Number(port || (protocol === 'https:' ? 443 : 80));
    return matchers.some((matches) => matches(host, number));
  };
}

type Matcher = (host: string, port: number) => boolean;

function toMatcher(entry: string): Matcher {
  if (entry === '*') return () => true;
  if (entry.includes('/')) return rangeMatcher(entry);
  const { host, port } = splitPort(entry);
  const matches = isIP(host) === 0 ? nameMatcher(host) : addressMatcher(host);
  return (serverHost, serverPort) => (port === undefined || port === serverPort) && matches(serverHost);
}

/** An invalid range matches nothing, as in curl and Go. */
function rangeMatcher(entry: string): Matcher {
  if (!ipaddr.isValidCIDR(entry)) return () => false;
  const [network, bits] = ipaddr.parseCIDR(entry);
  return (host) => {
    if (isIP(host) === 0) return false;
    const address = ipaddr.process(host);
    return address.kind() === network.kind() && address.match(network, bits);
  };
}

function addressMatcher(entry: string): (host: string) => boolean {
  const address = ipaddr.process(entry).toNormalizedString();
  return (host) => isIP(host) !== 0 && ipaddr.process(host).toNormalizedString() === address;
}

function nameMatcher(entry: string): (host: string) => boolean {
  const name = bare(entry.replace(/^\*?\./, ''));
  return (host) => name !== '' && (host === name || host.endsWith(`.${name}`));
}

/** `host:80`, `1.2.3.4:80`, `[::1]:80`, `[::1]`; an IPv6 address without brackets has no port. */
function splitPort(entry: string): { host: string; port?: number } {
  if (isIP(entry) !== 0) return { host: entry };
  const [, host = entry, port] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
  return { host: bare(host), ...(port === undefined ? {} : { port: Number(port) }) };
}

/** Lower-case, without the brackets of an IPv6 address, without the dot at the end of a name. */
function bare(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}
