import { type LookupAddress, lookup as lookupName } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { Agent, type Dispatcher } from 'undici';
import { SkipperError } from '../../domain/errors.ts';
import { chooseProxy } from '../network/choose-proxy.ts';
import { openConnector } from '../network/open-connector.ts';
import { basicAuthorization } from '../url-credentials.ts';

/** Which outside servers Skipper can connect to, and how: the content of a release channel must not lead it anywhere else. */
export interface EgressPolicy {
  /** Throws `invalid_release` for a spec on a host that is not allowed. */
  assertSpecAllowed(specUrl: string): void;
  /** The credentials of the base URL as a header, for its own server only: a redirect or spec on another host gets none. */
  authorizationFor(url: string): { readonly authorization?: string };
  /** Throws `invalid_release` for a redirect to a private address, or from https to http. */
  assertRedirectAllowed(from: string, to: string): void;
  /** Goes through the proxies; without one, refuses names that resolve to private addresses, unless allowed. */
  readonly dispatcher: Dispatcher;
}

export interface EgressPolicyOptions {
  /** Where the release channels are; its host is always allowed. */
  readonly baseUrl: string;
  /** Other hosts that can serve specs; these, and the base's, can have private addresses. */
  readonly allowedHosts: readonly string[];
  /** Certificate authorities in addition to the default ones, PEM. */
  readonly ca: string | undefined;
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  /** Comma-separated hosts that are reached without a proxy. */
  readonly noProxy: string | undefined;
  /** Default: the system's resolver. */
  readonly resolveName?: typeof lookupName;
}

/** The special ranges that are part of the public internet; a translated or tunnelled address can lead back inside. */
const PUBLIC_RANGES: ReadonlySet<string> = new Set(['unicast', 'amt', 'as112', 'as112v6']);

/** True for the special ranges of RFC 6890, which include cloud metadata servers, and for invalid addresses. */
export function isPrivateAddress(address: string): boolean {
  return !ipaddr.isValid(address) || !PUBLIC_RANGES.has(ipaddr.process(address).range());
}

export function createEgressPolicy({
  baseUrl,
  allowedHosts,
  ca,
  ...rest
}: EgressPolicyOptions): EgressPolicy {
  const { httpProxy = '', httpsProxy = httpProxy, noProxy = '', resolveName = lookupName } = rest;
  const allowed = new Set([hostOf(baseUrl), ...allowedHosts.map((host) => host.toLowerCase())]);
  const trusted = new Set([...allowed, hostOf(httpProxy), hostOf(httpsProxy)]);
  const tls = ca === undefined ? {} : { ca: [...rootCertificates, ca] };

  const proxyFor = chooseProxy({ httpProxy, httpsProxy, noProxy });

  const lookup: LookupFunction = (hostname, options, callback) => {
    if (trusted.has(hostname.toLowerCase())) return resolveName(hostname, options, callback);
    resolveName(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error, [] as never);
      const found = addresses.find(({ address }) => isPrivateAddress(address));
      if (found) return callback(refusal(hostname, found.address), [] as never);
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };

  const authorization = basicAuthorization(baseUrl);

  return {
    authorizationFor: (url) =>
      authorization !== undefined && new URL(url).origin === new URL(baseUrl).origin ? { authorization } : {},
    assertSpecAllowed: (specUrl) => {
      const host = hostOf(specUrl);
      if (host !== undefined && allowed.has(host)) return;
      throw new SkipperError(
        'invalid_release',
        `spec ${specUrl} is not on the host of the release channels: if that is right, add "${host}" to --release-allowed-hosts`,
      );
    },
    assertRedirectAllowed: (from, to) => {
      const { protocol } = new URL(to);
      const isDowngrade = new URL(from).protocol === 'https:' && protocol !== 'https:';
      if (!/^https?:$/.test(protocol) || isDowngrade) {
        throw new SkipperError('invalid_release', `release source ${from} redirects to ${to}: not followed`);
      }
      const host = hostOf(to) ?? '';
      if (!allowed.has(host) && isIP(host) !== 0 && isPrivateAddress(host)) throw refusal(host, host);
    },
    dispatcher: new Agent({ connect: openConnector({ tls, lookup, proxyFor }) }),
  };
}

function refusal(host: string, address: string): SkipperError {
  const shown = host === address ? host : `${host} (${address})`;
  return new SkipperError(
    'invalid_release',
    `${shown} is a private address that the release channels led to: if that is right, add "${host}" to --release-allowed-hosts`,
  );
}

/** Lower-case, without port, and without the brackets of an IPv6 address. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '').toLowerCase() : undefined;
}
