import { parseNoProxy } from './no-proxy.ts';
import type { Target } from './open-connector.ts';

/** The proxies of the settings. */
export interface Proxies {
  readonly httpProxy: string | undefined;
  /** Default: the one for http. */
  readonly httpsProxy: string | undefined;
  /** Comma-separated hosts that are reached without a proxy. */
  readonly noProxy: string | undefined;
}

/** The proxy for a server; undefined: none. */
export function chooseProxy({
  httpProxy = '',
  httpsProxy = httpProxy,
  noProxy = '',
}: Proxies): (target: Target) => string | undefined {
  const isDirect = parseNoProxy(noProxy);
  return (target) => {
    const proxy = target.protocol === 'https:' ? httpsProxy : httpProxy;
    return proxy === '' || isDirect(target) ? undefined : proxy;
  };
}
