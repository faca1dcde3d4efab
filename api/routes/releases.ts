import { ReleaseList } from '../../domain/fleet/fleet-summary.ts';
import { Problem } from '../../domain/problem.ts';
import { RELEASE_CHECK_QUEUE } from '../../shared/queues.ts';
import { route } from '../route.ts';
import { ReleaseCheckAccepted } from '../schemas.ts';

export const releasesRoute = route({
  method: 'get',
  path: '/api/releases',
  operationId: 'listReleases',
  summary: 'The release channels in use, as of the latest release check',
  mutates: false,
  responses: { 200: { description: 'The channels, by name', schema: ReleaseList } },
  handle: async ({ view }) => {
    const { channels, releaseCheck } = view.summary();
    return {
      status: 200,
      body: {
        channels: channels.map((channel) => ({
          ...channel,
          image: view.channel(channel.channel)?.image,
        })),
        checkIntervalSeconds: releaseCheck?.intervalSeconds,
        releaseCheck,
      },
    };
  },
});

export const releaseCheckRoute = route({
  method: 'post',
  path: '/api/releases/check',
  operationId: 'checkReleases',
  summary: 'Check the release channels now instead of at the next interval',
  mutates: true,
  responses: {
    202: { description: 'A worker will check them immediately', schema: ReleaseCheckAccepted },
    503: { description: 'Redis is unavailable', schema: Problem },
  },
  handle: async ({ releaseChecks, base }) => {
    const jobId = await releaseChecks.request();
    return {
      status: 202,
      body: {
        jobId,
        links: { job: `${base}/queues/queue/${RELEASE_CHECK_QUEUE}/${encodeURIComponent(jobId)}` },
      },
    };
  },
});
