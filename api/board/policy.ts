import { NOTIFICATION_QUEUE, ROLLOUT_QUEUE } from '../../shared/queues.ts';

/** A changing request to the board, with the names of its routes. */
export interface BoardAction {
  /** `put /api/queues/:queueName/pause` */
  readonly route: string;
  /** Undefined if the request means all queues. */
  readonly queue: string | undefined;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** Undefined means allowed; otherwise the reason, and what to do instead. */
type Refusal = string | undefined;
type Rule = Readonly<Record<BoardQueueName, Refusal | ((action: BoardAction) => Refusal)>>;
type BoardQueueName = 'fleet' | 'deploy' | 'release-check';

const ALLOWED = undefined;
const IS_A_VIEW = 'The fleet queue is a view of the namespaces: nothing in it can be changed or removed.';
const OWN_SCHEDULE =
  "The schedule is a setting (--release-check-interval) that every worker applies when it starts. To check now, use the scheduler's Run.";
const REQUEST_STAYS =
  'The request of a namespace stays until it is done: its job would be queued again within seconds. Pause the queue, or deploy something else.';
const REPAIRS_JOBS = 'This queue also repairs lost jobs, so it must not be paused or emptied.';
const IN_ORDER = 'Deploys run in the order in which they were requested.';
const WORKER_SETTING =
  'A worker with free capacity that gets no job while jobs wait assumes that it is stuck, and exits. Set --concurrency on the workers, or pause the queue.';
const ONE_AT_A_TIME = 'Workers rely on one release check at a time, and one is enough.';
const OWN_PAGE =
  'Workers decide about a rollout when it changes. Pause, resume, cancel or roll it back on its own page, which asks for the reason.';
const OWN_FILE =
  'What is sent, and to whom, is in the file of receivers (--notifications). To test them, use skipper notify test.';
const NO_FLOWS = 'Jobs here have no children.';
const DATA_IS_NAMESPACE = 'A job contains only its namespace: add another job instead.';

const everywhere = (refusal: Refusal): Rule => ({
  fleet: refusal,
  deploy: refusal,
  'release-check': refusal,
});

/** The decision for every changing route of the board. */
export const RULES: Readonly<Record<string, Rule>> = {
  // All queues: the adapters' pause stops deploys only.
  'put /api/queues/pause': everywhere(ALLOWED),
  'put /api/queues/resume': everywhere(ALLOWED),
  'put /api/queues/:queueName/resume': everywhere(ALLOWED),
  'put /api/queues/:queueName/pause': {
    fleet: 'The fleet queue runs no jobs. Pause the deploy queue to stop deploys until it is resumed.',
    deploy: ALLOWED,
    'release-check': `${REPAIRS_JOBS} Pause the deploy queue to stop deploys until it is resumed.`,
  },
  // Through the deploy service.
  'post /api/queues/:queueName/add': everywhere(ALLOWED),
  'put /api/queues/:queueName/:jobId/retry': {
    fleet: ALLOWED,
    deploy: ALLOWED,
    'release-check': OWN_SCHEDULE,
  },
  'put /api/queues/:queueName/retry/:queueStatus': {
    fleet: ALLOWED,
    deploy: ALLOWED,
    'release-check': OWN_SCHEDULE,
  },
  // Starts the next attempt now; in the fleet queue, a deploy.
  'put /api/queues/:queueName/:jobId/promote': {
    fleet: ALLOWED,
    deploy: ALLOWED,
    'release-check': OWN_SCHEDULE,
  },
  'put /api/queues/:queueName/promote': { fleet: ALLOWED, deploy: ALLOWED, 'release-check': OWN_SCHEDULE },
  // History can be removed, work cannot; the adapters check the state of a single job.
  'put /api/queues/:queueName/:jobId/clean': {
    fleet: IS_A_VIEW,
    deploy: ALLOWED,
    'release-check': ALLOWED,
  },
  'put /api/queues/:queueName/clean/:queueStatus': {
    fleet: IS_A_VIEW,
    deploy: (action) => (isHistory(action) ? ALLOWED : REQUEST_STAYS),
    'release-check': (action) => (isHistory(action) ? ALLOWED : REPAIRS_JOBS),
  },
  'put /api/queues/:queueName/empty': {
    fleet: IS_A_VIEW,
    deploy: REQUEST_STAYS,
    'release-check': REPAIRS_JOBS,
  },
  'put /api/queues/:queueName/obliterate': {
    fleet: IS_A_VIEW,
    deploy: `${REQUEST_STAYS} To remove finished jobs, clean them.`,
    'release-check': REPAIRS_JOBS,
  },
  'put /api/queues/:queueName/concurrency': {
    fleet: IS_A_VIEW,
    deploy: WORKER_SETTING,
    'release-check': ONE_AT_A_TIME,
  },
  'put /api/queues/:queueName/rate-limit': {
    fleet: IS_A_VIEW,
    deploy: WORKER_SETTING,
    'release-check': ONE_AT_A_TIME,
  },
  'put /api/queues/:queueName/rate-limit/release': everywhere(ALLOWED),
  'put /api/queues/:queueName/job-schedulers/:schedulerId/remove': everywhere(
    `${REPAIRS_JOBS} ${OWN_SCHEDULE}`,
  ),
  'patch /api/queues/:queueName/job-schedulers/:schedulerId': everywhere(OWN_SCHEDULE),
  'put /api/queues/:queueName/job-schedulers/:schedulerId/run': everywhere(ALLOWED),
  'patch /api/queues/:queueName/:jobId/update-data': {
    fleet: `${IS_A_VIEW} The ConfigMap of a namespace sets what it runs.`,
    deploy: DATA_IS_NAMESPACE,
    'release-check': 'A release check takes no data.',
  },
  'patch /api/queues/:queueName/:jobId/delay': {
    fleet: IS_A_VIEW,
    deploy: 'The delay depends on why the last attempt failed. Promote the job to retry now.',
    'release-check': OWN_SCHEDULE,
  },
  'patch /api/queues/:queueName/:jobId/priority': {
    fleet: IS_A_VIEW,
    deploy: `${IN_ORDER} A job with a priority would run after all jobs without one.`,
    'release-check': ONE_AT_A_TIME,
  },
  'put /api/queues/:queueName/:jobId/remove-unprocessed-children': everywhere(NO_FLOWS),
};

/** Why a request is refused; undefined if it is allowed. An unknown route is refused. */
export function refusalOf(action: BoardAction): Refusal {
  const rule = RULES[action.route];
  if (!rule) return 'Skipper does not know this action, so it is refused.';
  if (action.queue === ROLLOUT_QUEUE) return OWN_PAGE;
  if (action.queue === NOTIFICATION_QUEUE) return OWN_FILE;
  // Without a queue the request means all of them; the board itself answers for an unknown queue.
  const verdict = action.queue === undefined ? rule.deploy : rule[action.queue as BoardQueueName];
  return typeof verdict === 'function' ? verdict(action) : verdict;
}

function isHistory({ params }: BoardAction): boolean {
  return params.queueStatus === 'completed' || params.queueStatus === 'failed';
}
