import { type RedisServer, startRedisServer } from '../../simulator/demo/redis-server.ts';
import { freePort } from './free-port.ts';

/** A Redis that keeps its port and its data when it is stopped and started. */
export interface WorldRedis {
  readonly url: string;
  pid(): number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function openWorldRedis(directory: string): Promise<WorldRedis> {
  const port = await freePort();
  const open = () => startRedisServer({ path: process.env.PATH, port, appendOnly: true, directory });
  let server: RedisServer | undefined = await open();
  return {
    url: server.url,
    pid: () => server?.pid ?? 0,
    stop: async () => {
      await server?.stop();
      server = undefined;
    },
    start: async () => {
      server ??= await open();
    },
  };
}
