import { isIP } from 'node:net';
import type { Request } from 'express';

/** The address that a request comes from: behind trusted proxies, the one that the first of them has seen. */
export function callerOf(request: Request): string {
  const seen = plain(request.ip);
  // A proxy may pass on whatever its client has written into the header.
  return isIP(seen) === 0 ? plain(request.socket.remoteAddress) : seen;
}

/** An IPv4 address, not one mapped to IPv6. */
function plain(address = 'unknown'): string {
  return address.replace(/^::ffff:/, '');
}
