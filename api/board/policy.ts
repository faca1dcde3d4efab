/** A changing request to the board, as its routes name it. */
export interface BoardAction {
  /** `put /api/queues/:queueName/pause` */
  readonly route: string;
  /** Undefined where the request means all queues. */
  readonly queue: string | undefined;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** Undefined: allowed. Otherwise why not, and what to do instead. */
type Refusal = string | undefined;
type Rule = Readonly<Record<BoardQueueName, Refusal | ((action: BoardAction) => Refusal)>>;
type BoardQueueName = 'fleet' | 'deploy' | 'release-check';

const ALLOWED = undefined;
const IS_A_VIEW =
  'The fleet queue shows the namespaces as they are: there is nothing in it to change or remove.';
const OWN_SCHEDULE =
  "Its schedule is a setting (--release-check-interval), which every worker sets when it starts. Use the scheduler's Run to look now.";
const ASKED_STAYS_ASKED =
  'What was asked of a namespace stays asked: its job would be queued again within seconds. Pause the queue, or deploy something else.';
const MENDS_JOBS = 'This queue also mends lost jobs, so it must not be stopped or emptied.';
const IN_ORDER = 'Deploys run in the order in which they were asked for.';
const WORKER_SETTING =
  'A worker that has room but is given nothing while jobs wait takes itself for stuck and ends. Set --concurrency of the workers, or pause the queue.';
const ONE_AT_A_TIME = 'One look at the channels at a time is enough, and workers rely on it.';
const NO_FLOWS = 'No job here has children.';
const DATA_IS_NAMESPACE = 'A job names its namespace and nothing else: add another job instead.';

const everywhere = (refusal: Refusal): Rule => ({
  fleet: refusal,
  deploy: refusal,
  'release-check': refusal,
});

/** Every changing route of the board, decided. */
export const RULES: Readonly<Record<string, Rule>> = {
  // All queues: see the adapters' pause, which stops deploys only.
  'put /api/queues/pause': everywhere(ALLOWED),
  'put /api/queues/resume': everywhere(ALLOWED),
  'put /api/queues/:queueName/resume': everywhere(ALLOWED),
  'put /api/queues/:queueName/pause': {
    fleet:
      'The fleet queue does no work: pause the deploy queue, and nothing is deployed until it is resumed.',
    deploy: ALLOWED,
    'release-check': `${MENDS_JOBS} Pause the deploy queue, and nothing is deployed until it is resumed.`,
  },
  // By way of the deploy service.
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
  // The next attempt begins now; in the fleet queue, a deploy.
  'put /api/queues/:queueName/:jobId/promote': {
    fleet: ALLOWED,
    deploy: ALLOWED,
    'release-check': OWN_SCHEDULE,
  },
  'put /api/queues/:queueName/promote': { fleet: ALLOWED, deploy: ALLOWED, 'release-check': OWN_SCHEDULE },
  // History may go, work may not; a single job is judged by its state in the adapters.
  'put /api/queues/:queueName/:jobId/clean': {
    fleet: IS_A_VIEW,
    deploy: ALLOWED,
    'release-check': ALLOWED,
  },
  'put /api/queues/:queueName/clean/:queueStatus': {
    fleet: IS_A_VIEW,
    deploy: (action) => (isHistory(action) ? ALLOWED : ASKED_STAYS_ASKED),
    'release-check': (action) => (isHistory(action) ? ALLOWED : MENDS_JOBS),
  },
  'put /api/queues/:queueName/empty': {
    fleet: IS_A_VIEW,
    deploy: ASKED_STAYS_ASKED,
    'release-check': MENDS_JOBS,
  },
  'put /api/queues/:queueName/obliterate': {
    fleet: IS_A_VIEW,
    deploy: `${ASKED_STAYS_ASKED} To remove finished jobs, clean them.`,
    'release-check': MENDS_JOBS,
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
    `${MENDS_JOBS} ${OWN_SCHEDULE}`,
  ),
  'patch /api/queues/:queueName/job-schedulers/:schedulerId': everywhere(OWN_SCHEDULE),
  'put /api/queues/:queueName/job-schedulers/:schedulerId/run': everywhere(ALLOWED),
  'patch /api/queues/:queueName/:jobId/update-data': {
    fleet: `${IS_A_VIEW} What a namespace should run is in its ConfigMap.`,
    deploy: DATA_IS_NAMESPACE,
    'release-check': 'A look at the channels takes no data.',
  },
  'patch /api/queues/:queueName/:jobId/delay': {
    fleet: IS_A_VIEW,
    deploy: 'When the next attempt begins follows from why the last one failed. Promote the job to try now.',
    'release-check': OWN_SCHEDULE,
  },
  'patch /api/queues/:queueName/:jobId/priority': {
    fleet: IS_A_VIEW,
    deploy: `${IN_ORDER} A job with a priority would come after all that have none.`,
    'release-check': ONE_AT_A_TIME,
  },
  'put /api/queues/:queueName/:jobId/remove-unprocessed-children': everywhere(NO_FLOWS),
};

/** Why a request must not be carried out; undefined where it may be. What is not known here is refused. */
export function refusalOf(action: BoardAction): Refusal {
  const rule = RULES[action.route];
  if (!rule) return 'Skipper does not know this action, so it does not let it pass.';
  // Which queue it is matters only where there is one; an unknown one is answered by the board itself.
  const verdict = action.queue === undefined ? rule.deploy : rule[action.queue as BoardQueueName];
  return typeof verdict === 'function' ? verdict(action) : verdict;
}

function isHistory({ params }: BoardAction): boolean {
  return params.queueStatus === 'completed' || params.queueStatus === 'failed';
}
