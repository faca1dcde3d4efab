import { CONFIG_MAP } from '../cluster/names.ts';
import { explainDeployment, explainPod, type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import type { FleetRow } from '../fleet/fleet-row.ts';
import type { Attempt, LastBootstrap } from '../rollout/attempt.ts';
import { describeBootstrap } from './describe-bootstrap.ts';
import type { Why } from './namespace-details.ts';
import { type Advice, adviceFor, adviceForSymptoms, type Trouble } from './remedies.ts';

export interface WhyInput {
  readonly row: FleetRow;
  readonly snapshot: NamespaceSnapshot;
  /** Newest first. */
  readonly attempts: readonly Attempt[];
  readonly bootstrap: LastBootstrap | undefined;
  /** Why the namespace's release channel cannot be read. */
  readonly channelProblem: string | undefined;
}

const MAX_EVIDENCE = 8;
const LOG_LINES = 4;
const LINE_LENGTH = 600;

/** Explains a namespace. Pure: what is seen now weighs more than what was recorded. */
export function explainNamespace(input: WhyInput): Why {
  const { row, snapshot } = input;
  const { config } = snapshot;
  if (config && !config.ok) return explained(input, 'config_error', config.reason, []);
  if (row.status === 'HELM_MANAGED' && row.health !== 'progressing') {
    return explained(input, 'helm_managed', `Helm release ${snapshot.deployment?.helmRelease ?? ''}`, []);
  }
  if (row.health === 'progressing') return explainBusy(input);
  const last = input.attempts.find((attempt) => attempt.end !== undefined);
  if (row.state === 'failed') {
    return explained(input, row.code ?? last?.code, row.cause || last?.reason || '', evidenceOf(last, input));
  }
  if (row.health === 'degraded') return explainBroken(input);
  if (row.health === 'outdated' || row.status === 'NOT_FOUND') return explainBehind(input);
  return explainWell(input, last);
}

function explained(
  input: WhyInput,
  code: string | undefined,
  message: string,
  evidence: readonly string[],
): Why {
  const advice = adviceFor(code, troubleOf(input, message), evidence);
  return { ...answer(input, advice, [message, ...evidence]), code: code ?? 'unexpected' };
}

function explainBusy(input: WhyInput): Why {
  const { row, attempts } = input;
  const evidence = liveEvidence(input);
  const trouble = row.cause === '' ? evidence : [row.cause, ...evidence];
  if (row.activity === 'retrying') {
    const failed = attempts.find((attempt) => attempt.end === 'retrying');
    const message = failed?.reason ?? row.cause;
    const code = failed?.code ?? row.code;
    const advice = adviceFor(code, troubleOf(input, message), trouble);
    const headline = `Attempt ${failed?.attempt ?? row.attempt} failed and will be made again by itself. ${advice.headline}`;
    return { ...answer(input, { ...advice, headline }, [message, ...trouble]), code };
  }
  if (row.activity === 'queued') {
    return answer(input, { headline: 'It waits for a free worker.', remedy: [] }, [row.detail, ...trouble]);
  }
  const to = row.wanted === '' ? '' : ` to ${row.wanted}`;
  // The row may be a moment behind the run, and say that none has begun.
  const before = row.cause === '' ? '' : ' The one before it failed.';
  const headline = `Attempt ${Math.max(1, row.attempt)} brings it${to}: ${row.activity}.${before}`;
  const about = troubleOf(input, row.cause);
  const known =
    adviceForSymptoms(about, evidence) ??
    (row.cause === '' ? undefined : adviceFor(row.code, about, trouble));
  const advice = known
    ? { headline: `${headline} ${known.headline}`, remedy: known.remedy }
    : { headline, remedy: [] };
  return answer(input, advice, [row.detail, ...trouble]);
}

/** FDD itself is not well, whatever became of the latest deploy. */
function explainBroken(input: WhyInput): Why {
  const { row } = input;
  const evidence = liveEvidence(input);
  const advice = adviceForSymptoms(troubleOf(input, row.cause), evidence) ?? {
    headline: 'FDD is deployed, but not available.',
    remedy: [
      `Look at its pods: kubectl -n ${row.namespace} describe pods -l app=${CONFIG_MAP}`,
      'Deploy again; with a forced bootstrap if no FDD runs that could take the deployment up.',
    ],
  };
  return answer(input, advice, [row.cause, ...evidence]);
}

function explainBehind(input: WhyInput): Why {
  const { row, channelProblem, snapshot } = input;
  const evidence = [...(channelProblem === undefined ? [] : [channelProblem]), ...liveEvidence(input)];
  if (channelProblem !== undefined && row.wanted === '') {
    return explained(input, row.code ?? 'release_unknown', channelProblem, evidence);
  }
  if (!snapshot.deployment) {
    return answer(
      input,
      {
        headline: 'FDD is not deployed here.',
        remedy: ['Deploy: a bootstrap pod starts the first FDD.'],
      },
      [row.cause, ...evidence],
    );
  }
  const wanted = row.wanted === '' ? 'what its Application asks for' : row.wanted;
  return answer(
    input,
    {
      headline: `FDD runs ${row.version}, not ${wanted}.`,
      remedy: ['Deploy. The release check does so by itself, unless --disable-autoupdate is set.'],
    },
    [row.cause, ...evidence],
  );
}

function explainWell(input: WhyInput, last: Attempt | undefined): Why {
  const { row } = input;
  const because =
    last?.end === 'completed' ? [`latest deploy: ${last.outcome ?? 'verified'} (plan: ${last.reason})`] : [];
  const headline = `FDD runs ${row.version}, as "${row.channel}" asks, and is available.`;
  return answer(input, { headline, remedy: [] }, [...because, ...(last?.details ?? [])]);
}

function answer({ row }: WhyInput, advice: Advice, evidence: readonly string[]): Why {
  const because = withoutRepetition(evidence.map((line) => line.trim().slice(0, LINE_LENGTH)));
  return {
    headline: advice.headline,
    because: because.slice(0, MAX_EVIDENCE),
    remedy: advice.remedy,
    ...(row.code === undefined ? {} : { code: row.code }),
    health: row.health,
  };
}

/** What a failed attempt left behind, then what is seen now. */
function evidenceOf(attempt: Attempt | undefined, input: WhyInput): string[] {
  const { bootstrap } = input;
  const ofAttempt = attempt?.end === 'failed' ? telling(attempt.details) : [];
  const isItsBootstrap = bootstrap && attempt && bootstrap.collectedAt >= attempt.startedAt;
  return [
    ...ofAttempt,
    ...(isItsBootstrap ? describeBootstrap(bootstrap) : []),
    ...(isItsBootstrap && bootstrap.exitCode !== 0 ? lastLines(bootstrap.log) : []),
    ...liveEvidence(input),
  ];
}

/** Pods, conditions and what FDD says of the deployment that stands. */
function liveEvidence({ snapshot }: WhyInput): string[] {
  const { application, bootstrapPod } = snapshot;
  const current = application?.deploymentId;
  const report = current === undefined ? undefined : reportOn(snapshot, current);
  const bootstrap = bootstrapPod && explainPod(bootstrapPod);
  const [summary, ...reasons] = explainDeployment(snapshot);
  return [
    ...(bootstrap ? [`bootstrap pod: ${bootstrap}`] : []),
    ...reasons,
    ...(report?.result === 'FAILED' ? quote(report.logs) : []),
    ...(reasons.length > 0 && summary !== undefined ? [summary] : []),
  ];
}

/** What stands in an earlier line already is not said again. */
function withoutRepetition(lines: readonly string[]): string[] {
  const said: string[] = [];
  for (const line of lines) {
    if (line !== '' && !said.some((earlier) => earlier.includes(line))) said.push(line);
  }
  return said;
}

/** What FDD says is wrong; where it names no error, what it said last. */
function quote(logs: readonly string[]): readonly string[] {
  const errors = telling(logs);
  return (errors.length > 0 ? errors : logs).slice(-LOG_LINES);
}

/** Of a failure's details those that say what is wrong come first; FDD's small talk is left to its log. */
function telling(details: readonly string[]): string[] {
  const isTelling = (line: string) =>
    /\bERROR\]|Error|forbidden|BackOff|^pod |=False|=True|exit code [1-9]/.test(line);
  const others = details.filter((line) => !isTelling(line) && !/\bINFO\]/.test(line));
  return [...details.filter(isTelling), ...others];
}

function lastLines(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-LOG_LINES)
    .map((line) => `bootstrap log: ${line}`);
}

function troubleOf({ row, snapshot }: WhyInput, message: string): Trouble {
  return {
    namespace: row.namespace,
    configMap: snapshot.config?.ok ? snapshot.config.value.configMap : CONFIG_MAP,
    channel: row.channel,
    version: row.wanted || row.version,
    message,
  };
}
