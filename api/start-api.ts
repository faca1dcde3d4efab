import type { Core } from '../shared/core.ts';
import { listen } from '../shared/http/listen.ts';
import type { Problems } from '../shared/http/operations.ts';
import { openChangeFeed } from '../shared/state/change-feed.ts';
import { createApp } from './app.ts';
import { openFleetView } from './fleet-view/open-fleet-view.ts';

export interface RunningApi {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts the HTTP side; it answers at once, and /readyz shows what it is waiting for. */
export async function startApi(
  core: Core,
  version: string,
  moreProblems?: () => Problems,
): Promise<RunningApi> {
  const changes = openChangeFeed(core.redis, core.prefix, core.log.child({ logger: 'change-feed' }));
  const view = openFleetView(core, changes);
  const app = createApp(core, version, view, moreProblems);
  const listening = await listen(app, {
    host: core.settings.host,
    port: core.settings.port,
    setting: '--port',
  });
  core.log.child({ logger: 'api' }).info({ port: listening.port }, 'api is listening');
  return {
    port: listening.port,
    stop: async () => {
      // Closing the view ends the streams; otherwise the server would wait for them.
      await view.close();
      await listening.close();
    },
  };
}
