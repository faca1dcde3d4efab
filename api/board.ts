import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Job, Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import type { Core } from '../shared/core.ts';
import type { DeployService } from '../shared/deploy-service.ts';
import { HttpProblem, toProblem } from './problem.ts';

/** Bull Board as status UI: what means a deploy goes through the service, what would break an invariant is refused. */
export function mountBoard(core: Core, basePath: string): RequestHandler {
  const server = new ExpressAdapter().setBasePath(basePath);
  const deploys = new DeployQueueAdapter(core.deployQueue, core.service);
  const checks = new BullMQAdapter(core.releaseCheckQueue, {
    description: 'Looks at the release channels, and mends jobs that were lost',
    allowRetries: false,
  });
  createBullBoard({
    queues: [deploys, checks],
    serverAdapter: server,
    options: {
      uiConfig: {
        boardTitle: 'Skipper',
        boardLogo: { path: '', width: 0, height: 0 },
        miscLinks: [
          { text: 'Status (JSON)', url: '/api/status' },
          { text: 'API', url: '/api/openapi.json' },
        ],
      },
    },
  });
  server.setErrorHandler((error) => {
    const problem = toProblem(error);
    // The board's types know a few status codes only.
    return { status: problem.status as 400 | 500, body: { error: problem.message } };
  });
  return withoutForeignFonts(server.getRouter() as RequestHandler);
}

/** The board's page asks another host for fonts: nothing here asks anybody outside for anything. */
function withoutForeignFonts(board: RequestHandler): RequestHandler {
  return (request, response, next) => {
    response.render = (view: string, parameters?: object) => {
      Object.getPrototypeOf(response).render.call(
        response,
        view,
        parameters,
        (error: Error | null, html: string) => {
          if (error) next(error);
          else response.send(html.replace(/<link[^>]*https?:\/\/[^>]*>/g, ''));
        },
      );
    };
    board(request, response, next);
  };
}

/** The library's way to change what the board does is a subclass. */
class DeployQueueAdapter extends BullMQAdapter {
  private readonly service: DeployService;

  constructor(queue: Queue, service: DeployService) {
    super(queue, {
      description: 'One job per namespace that has something to do',
      jobDataSchema: {
        type: 'object',
        properties: { namespace: { type: 'string' } },
        required: ['namespace'],
        additionalProperties: false,
      },
    });
    this.service = service;
    this.setFormatter('name', (job) =>
      String((job as { data?: { namespace?: string } }).data?.namespace ?? job.name),
    );
  }

  override async addJob(_name: string, data: { namespace?: unknown }): Promise<Job> {
    if (typeof data?.namespace !== 'string') {
      throw new HttpProblem(400, 'bad_request', 'the data must be {"namespace": "…"}');
    }
    return this.deploy(data.namespace, false);
  }

  override async getJob(id: string) {
    const job = await super.getJob(id);
    return job && this.guard(job as unknown as Job);
  }

  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>) {
    const jobs = await super.getJobs(...args);
    return jobs.map((job) => this.guard(job as unknown as Job));
  }

  /** BullMQ's own retry would evade deduplication, and find nothing left to do in the desired state. */
  private guard(job: Job) {
    job.retry = async () => {
      await this.deploy(String(job.data.namespace), true);
    };
    job.updateData = async () => {
      throw new HttpProblem(400, 'bad_request', 'a job names its namespace only; add another job instead');
    };
    return job as unknown as NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>;
  }

  private async deploy(namespace: string, sameRelease: boolean): Promise<Job> {
    const { targets } = await this.service.request({
      namespaces: [namespace],
      forceBootstrap: false,
      trigger: sameRelease ? 'retry' : 'board',
      requestedBy: 'board',
      sameRelease,
    });
    const target = targets.get(namespace);
    const job = target?.jobId === undefined ? undefined : await super.getJob(target.jobId);
    if (!job)
      throw new HttpProblem(400, target?.code ?? 'bad_request', target?.reason ?? 'nothing was queued');
    return job as unknown as Job;
  }
}
