import { describe, expect, test } from '@jest/globals';
import { ErrorCode, type Job } from 'bullmq';
import { AUTOMATIC, URGENT } from '../../../domain/deploy/lane.ts';
import { type DeployQueue, openDeployJobs } from '../../../shared/deploy-jobs.ts';
import type { DeployJob } from '../../../shared/queues.ts';

interface FakeQueueOptions {
  readonly known?: readonly string[];
  readonly delayed?: boolean;
  readonly promote?: () => Promise<void>;
}

function open({ known = [], delayed = true, promote = async () => undefined }: FakeQueueOptions = {}) {
  const added: (readonly [string, string | undefined])[][] = [];
  const removed: string[] = [];
  const promoted: string[] = [];
  const raised: string[] = [];
  const jobOf = (id: string) => ({
    isDelayed: async () => delayed,
    changePriority: async ({ priority }: { priority: number }) => void raised.push(`${id} to ${priority}`),
    promote: async () => {
      promoted.push(id);
      await promote();
    },
  });
  const queue = {
    addBulk: async (jobs: readonly { data: DeployJob; opts?: { jobId?: string } }[]) => {
      added.push(jobs.map(({ data, opts }) => [data.namespace, opts?.jobId] as const));
      return [];
    },
    getJob: async (id: string) => (known.includes(id) ? (jobOf(id) as Job<DeployJob>) : undefined),
    getDeduplicationJobId: async (namespace: string) => `${namespace}.1`,
    removeDeduplicationKey: async (namespace: string) => removed.push(namespace),
  } as unknown as DeployQueue;
  return { jobs: openDeployJobs(queue), added, removed, promoted, raised };
}

const BACKOFF = { namespace: 'a', jobId: 'a.1', backoff: true };

function anError(code: ErrorCode): Error {
  return Object.assign(new Error('refused'), { code });
}

describe('enqueue', () => {
  test('adds one job per namespace, in batches of a thousand', async () => {
    const { jobs, added, promoted } = open();

    await jobs.enqueue(
      Array.from({ length: 1_001 }, (_, index) => ({
        namespace: `n${index}`,
        jobId: `n${index}.1`,
        backoff: false,
      })),
      AUTOMATIC,
    );

    expect(added.map(({ length }) => length)).toEqual([1_000, 1]);
    expect(added[1]).toEqual([['n1000', 'n1000.1']]);
    expect(promoted).toEqual([]);
  });

  test('raises the job that an urgent request joins, and no other, and lets it begin now', async () => {
    const { jobs, raised, promoted } = open({ known: ['a.1', 'b.1'] });
    const [joined, own] = ['a', 'b'].map((namespace) => ({
      namespace,
      jobId: `${namespace}.1`,
      backoff: false,
    }));

    await jobs.enqueue([{ ...joined, coalesced: true } as typeof BACKOFF, own as typeof BACKOFF], URGENT);
    expect(promoted).toEqual(['a.1']);
    await jobs.enqueue([{ ...BACKOFF, backoff: false, coalesced: true } as typeof BACKOFF], AUTOMATIC);

    expect([raised, promoted]).toEqual([['a.1 to 0'], ['a.1']]);
  });

  test('starts the next attempt of a job in backoff', async () => {
    const { jobs, promoted } = open({ known: ['a.1'] });

    await jobs.enqueue([BACKOFF], AUTOMATIC);

    expect(promoted).toEqual(['a.1']);
  });

  test('ignores a job that is not delayed, or no longer exists', async () => {
    const running = open({ known: ['a.1'], delayed: false });
    const gone = open();

    await running.jobs.enqueue([BACKOFF], AUTOMATIC);
    await gone.jobs.enqueue([BACKOFF], AUTOMATIC);

    expect([running.promoted, gone.promoted]).toEqual([[], []]);
  });

  test('succeeds if the job has just started', async () => {
    const { jobs } = open({
      known: ['a.1'],
      promote: () => Promise.reject(anError(ErrorCode.JobNotInState)),
    });

    await expect(jobs.enqueue([BACKOFF], AUTOMATIC)).resolves.toBeUndefined();
  });

  test.each([anError(ErrorCode.JobNotExist), new Error('Redis did not answer')])(
    'rethrows any other error',
    async (error) => {
      const { jobs } = open({ known: ['a.1'], promote: () => Promise.reject(error) });

      await expect(jobs.enqueue([BACKOFF], AUTOMATIC)).rejects.toBe(error);
    },
  );
});

describe('has', () => {
  test('is true while the job of the namespace exists', async () => {
    const { jobs, removed } = open({ known: ['a.1'] });

    expect(await jobs.has('a')).toBe(true);
    expect(removed).toEqual([]);
  });

  test('is false if the job no longer exists, and allows another one to be queued', async () => {
    const { jobs, removed } = open();

    expect(await jobs.has('a')).toBe(false);
    expect(removed).toEqual(['a']);
  });
});
