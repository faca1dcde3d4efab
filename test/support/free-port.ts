import { isFreePort } from '../../simulator/demo/free-port.ts';

/** Below the kernel's ports for outgoing connections, with room above for the bus of a Redis Cluster. */
const FIRST_PORT = 10_500;
const PORTS_PER_WORKER = 1_000;
const SHARES = 10;

const share = (Number(process.env.JEST_WORKER_ID ?? 1) - 1) % SHARES;
let next = Math.floor(Math.random() * PORTS_PER_WORKER);

/**
 * A loopback port that stays free until its server listens: each jest worker has its own range, and uses it in order.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS_PER_WORKER; tries += 1) {
    const port = FIRST_PORT + share * PORTS_PER_WORKER + (next++ % PORTS_PER_WORKER);
    if (await isFreePort(port)) return port;
  }
  throw new Error('no port is free');
}
