import { awaitsFdd } from '../cluster/awaits-fdd.ts';
import { isErrorLine, isInfoLine } from '../cluster/fdd-log.ts';
import { hasNewConfiguration } from '../cluster/has-new-configuration.ts';
import { isLeaving } from '../cluster/is-leaving.ts';
import { CONFIG_MAP } from '../cluster/names.ts';
import { type NamespaceSnapshot, reportOn } from '../cluster/observed.ts';
import { describeSymptom, symptomsOf, worstFirst } from '../cluster/symptoms.ts';
import { whyNoFddRuns } from '../cluster/why-no-fdd-runs.ts';
import type { FleetRow } from '../fleet/fleet-row.ts';
import { type Notice, stopsDeploys } from '../fleet/notices.ts';
import type { HealthRules } from '../heal/healing-view.ts';
import type { Attempt, LastBootstrap } from '../rollout/attempt.ts';
import type { Wait } from '../rollout/wait.ts';
import type { Symptom } from '../symptom.ts';
import { bootstrapSymptom, describeBootstrap } from './describe-bootstrap.ts';
import { adviceForQuarantine, adviceForRule, adviceForUnjudged, releaseOf } from './healing-advice.ts';
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
  /** The error code of the problem. */
  readonly channelCode?: string | undefined;
  /** What stops deploys in the whole fleet. */
  readonly notices?: readonly Notice[];
  /** What keeps it from its release. */
  readonly holds?: readonly Wait[] | undefined;
  /** Its health rules, and what healing does. */
  readonly healing?: HealthRules | undefined;
}

const MAX_EVIDENCE = 8;
const LOG_LINES = 4;
const LINE_LENGTH = 600;
/** FDD's report quotes the same lines without it. */
const BOOTSTRAP_LOG = /^bootstrap log: /;

/** The evidence for an explanation: for people, and as data. */
interface Evidence {
  /** The most useful first; original messages, unchanged. */
  readonly lines: readonly string[];
  readonly symptoms: readonly Symptom[];
}

const NO_EVIDENCE: Evidence = { lines: [], symptoms: [] };

/** Explains a namespace. Pure; the current state has priority over recorded history. */
export function explainNamespace(input: WhyInput): Why {
  const { row, snapshot } = input;
  const { config } = snapshot;
  const isBusy = row.activity !== 'idle';
  if (config && !config.ok) return explained(input, 'config_error', config.reason, NO_EVIDENCE);
  if (row.status === 'HELM_MANAGED' && !isBusy) {
    const message = `Helm release ${snapshot.deployment?.helmRelease ?? ''}`;
    return explained(input, 'helm_managed', message, NO_EVIDENCE);
  }
  if (isBusy) return explainBusy(input);
  if (isLeaving(snapshot)) return explained(input, 'namespace_gone', row.cause, liveEvidence(input));
  const last = input.attempts.find(({ end }) => end !== undefined && end !== 'refused');
  if (row.state === 'failed' && row.health === 'unknown') return explainUnverified(input);
  if (row.state === 'failed' && row.rule === undefined) {
    return explained(input, row.code ?? last?.code, row.cause || last?.reason || '', evidenceOf(last, input));
  }
  if (row.code === 'release_unknown') {
    return explained(input, row.code, row.cause || input.channelProblem || '', liveEvidence(input));
  }
  if (row.health === 'degraded') return explainBroken(input);
  if (row.health === 'unknown') return explainUnjudged(input) ?? explainUnknown(input);
  if (row.health === 'outdated' || row.status === 'NOT_FOUND') return explainBehind(input);
  return explainHealthy(input, last);
}

function explained(input: WhyInput, code: string | undefined, message: string, evidence: Evidence): Why {
  const advice = adviceFor(code, troubleOf(input), evidence.symptoms);
  return { ...answer(input, advice, [message, ...evidence.lines]), code: code ?? 'unexpected' };
}

function explainBusy(input: WhyInput): Why {
  const { row, attempts } = input;
  const now = liveEvidence(input);
  const failed = attempts.find((attempt) => attempt.end === 'retrying');
  const symptoms = [...(failed?.symptoms ?? []), ...now.symptoms];
  const lines = row.cause === '' ? now.lines : [row.cause, ...now.lines];
  const trouble = troubleOf(input);
  if (row.activity === 'retrying') {
    const code = failed?.code ?? row.code;
    const advice = adviceFor(code, trouble, symptoms);
    const headline = `Attempt ${failed?.attempt ?? row.attempt} failed and will be retried automatically. ${advice.headline}`;
    const known = withStop(input, { ...advice, headline });
    return { ...answer(input, known, [failed?.reason ?? row.cause, ...lines]), code };
  }
  if (row.activity === 'queued') {
    const advice = adviceWhileStopped(input) ?? { headline: 'Waiting for a free worker.', remedy: [] };
    return answer(input, advice, [row.detail, ...lines]);
  }
  const what = row.wanted === '' ? '' : ` to deploy ${row.wanted}`;
  // The row can be a moment behind the run, and still show attempt 0.
  const before = row.cause === '' ? '' : ' The previous attempt failed.';
  const headline = `Attempt ${Math.max(1, row.attempt)}${what}: ${row.activity}.${before}`;
  const known =
    adviceForSymptoms(trouble, now.symptoms) ??
    (row.cause === '' ? undefined : adviceFor(row.code, trouble, symptoms));
  const advice = known
    ? { headline: `${headline} ${known.headline}`, remedy: known.remedy }
    : { headline, remedy: [] };
  return answer(input, withStop(input, advice), [row.detail, ...lines]);
}

/** Nobody follows or retries a deploy while no worker takes jobs. */
function withStop(input: WhyInput, advice: Advice): Advice {
  const stopped = adviceWhileStopped(input);
  if (!stopped) return advice;
  return {
    ...advice,
    headline: `${advice.headline} ${stopped.headline}`,
    remedy: [...stopped.remedy, ...advice.remedy],
  };
}

/** A queued namespace does not wait for a free worker if none takes jobs. */
function adviceWhileStopped({ notices = [] }: WhyInput): Advice | undefined {
  const notice = notices.find(stopsDeploys);
  return notice && { headline: notice.message, remedy: [notice.remedy] };
}

/** FDD does not work, regardless of the result of the latest deploy. */
function explainBroken(input: WhyInput): Why {
  const { row } = input;
  const { lines, symptoms } = liveEvidence(input);
  const advice =
    adviceForSymptoms(troubleOf(input), symptoms) ?? adviceFromHealing(input) ?? adviceForUnavailable(input);
  return answer(input, advice, [row.cause, ...lines]);
}

/** If only a rule shows that it is broken. */
function adviceFromHealing({ row, healing }: WhyInput): Advice | undefined {
  const sick = { namespace: row.namespace, healing };
  const { quarantine } = healing?.healing ?? {};
  if (quarantine) return adviceForQuarantine(quarantine, sick);
  return row.rule && adviceForRule(row.rule, sick);
}

function adviceForUnavailable({ row, snapshot }: WhyInput): Advice {
  if (!snapshot.deployment) {
    return {
      headline: 'FDD was deployed here, but its Deployment no longer exists.',
      remedy: ['Deploy: a bootstrap pod starts FDD again.'],
    };
  }
  return {
    headline: 'FDD is deployed, but not available.',
    remedy: [
      `Check its pods: kubectl -n ${row.namespace} describe pods -l app=${CONFIG_MAP}`,
      `Deploy again. If no FDD is running: skipper deploy ${row.namespace} --force-bootstrap`,
    ],
  };
}

function explainBehind(input: WhyInput): Why {
  const { row, channelProblem, snapshot } = input;
  const now = liveEvidence(input);
  if (channelProblem !== undefined && row.wanted === '') {
    return explained(input, input.channelCode ?? row.code ?? 'release_unknown', channelProblem, now);
  }
  const evidence = [row.cause, ...(channelProblem === undefined ? [] : [channelProblem]), ...now.lines];
  if (!snapshot.deployment) {
    return answer(
      input,
      {
        headline: 'FDD is not deployed here.',
        remedy: ['Deploy: a bootstrap pod starts the first FDD.'],
      },
      evidence,
    );
  }
  return answer(input, { headline: describeBehind(input), remedy: remedyForBehind(input) }, evidence);
}

function remedyForBehind(input: WhyInput): string[] {
  const { row, holds = [] } = input;
  const anyway = `To deploy it anyway: skipper deploy ${row.namespace}`;
  const paused = holds.find(({ kind, rolloutId }) => kind === 'paused' && rolloutId !== undefined);
  if (paused) {
    const decide = `Decide what happens to rollout ${paused.rolloutId}: its page shows what you can do, as does skipper rollout show ${paused.rolloutId}`;
    return [decide, anyway];
  }
  if (isOnItsWay(input))
    return [`Nothing: it is deployed automatically. To deploy it now: skipper deploy ${row.namespace}`];
  return isHeld(input)
    ? [`Nothing, if that is intended. ${anyway}`]
    : ['Deploy. The release check does so automatically, unless --disable-autoupdate is set.'];
}

/** Something that the release check respects; what holds it is listed beside the explanation. */
function isHeld({ holds = [] }: WhyInput): boolean {
  return holds.some(({ kind }) => kind !== 'backoff');
}

const TEMPORARY: readonly Wait['kind'][] = ['freeze', 'window', 'wave', 'soak', 'concurrency'];

/** All that holds it ends without an operator. */
function isOnItsWay({ holds = [] }: WhyInput): boolean {
  return holds.length > 0 && holds.every(({ kind }) => TEMPORARY.includes(kind));
}

function describeBehind({ row, snapshot }: WhyInput): string {
  if (row.version === row.wanted && hasNewConfiguration(snapshot)) {
    return 'FDD runs with an older configuration: it reads its ConfigMap only at start.';
  }
  if (row.version === row.wanted && awaitsFdd(snapshot)) {
    return 'FDD has not taken up the latest deployment: it runs as it was deployed before.';
  }
  const running = row.running || row.version;
  const isWanted = row.wanted === '' || row.wanted === running;
  const wanted = isWanted ? 'the version in its Application' : row.wanted;
  return `FDD runs ${running}, not ${wanted}.`;
}

/** FDD came up after its last deploy had failed. */
function explainUnverified(input: WhyInput): Why {
  const { row } = input;
  return answer(
    input,
    {
      headline: `FDD is available and runs ${row.version}, but this is not verified: its last deploy failed before FDD was up.`,
      remedy: [
        `Verify it: skipper deploy ${row.namespace}. If FDD has reported SUCCESS, nothing is written. The release check does so automatically, unless --disable-autoupdate is set.`,
      ],
    },
    [row.cause, ...liveEvidence(input).lines],
  );
}

/** A health rule held, and nothing shows that it has ended. */
function explainUnjudged(input: WhyInput): Why | undefined {
  const { row, healing } = input;
  const { rule, namespace } = row;
  if (rule === undefined) return undefined;
  const evidence = healing?.rules.find((each) => each.rule === rule)?.evidence;
  const seen = evidence === undefined ? [] : [`${rule}, as it was seen last: ${evidence}`];
  return answer(input, adviceForUnjudged(rule, namespace), [row.cause, ...seen]);
}

/** FDD works, but its channel was never read. */
function explainUnknown(input: WhyInput): Why {
  const { row } = input;
  const headline = `FDD runs ${row.version}, but what should run here is unknown.`;
  if (row.code === undefined) {
    const remedy = [
      'Skipper reads the channel in the next release check, which needs a worker. If no worker is running, start one: skipper worker',
    ];
    return answer(input, { headline, remedy }, [row.cause]);
  }
  const advice = adviceFor(row.code, troubleOf(input), []);
  return answer(input, { ...advice, headline: `${headline} ${advice.headline}` }, [row.cause]);
}

function explainHealthy(input: WhyInput, last: Attempt | undefined): Why {
  const { row, channelProblem } = input;
  const because =
    last?.end === 'completed' ? [`latest deploy: ${last.outcome ?? 'verified'} (plan: ${last.reason})`] : [];
  const headline = `FDD is available and runs ${row.version}, the release of channel "${row.channel}".`;
  const unread =
    channelProblem === undefined
      ? []
      : [`compared with the last good release of the channel, which cannot be read now: ${channelProblem}`];
  return answer(input, { headline, remedy: [] }, [...unread, ...because, ...(last?.details ?? [])]);
}

function answer(input: WhyInput, advice: Advice, evidence: readonly string[]): Why {
  const { row, snapshot } = input;
  const { config } = snapshot;
  const warnings = config?.ok ? (config.value.warnings ?? []) : [];
  const lines = withoutRepetition(evidence.map((line) => line.trim().slice(0, LINE_LENGTH)));
  return {
    headline: advice.headline,
    because: withoutRepetition([...lines.slice(0, MAX_EVIDENCE), ...warnings]),
    remedy: [...advice.remedy, ...releaseFrom(input, advice)],
    ...(row.code === undefined ? {} : { code: row.code }),
    health: row.health,
    // While a deploy is under way there is nothing to press.
    ...(advice.offer !== undefined && row.activity === 'idle' ? { offer: advice.offer } : {}),
  };
}

/** Healing does nothing more there, whatever the reason is. */
function releaseFrom({ row, healing }: WhyInput, { remedy }: Advice): string[] {
  const release = releaseOf(row.namespace);
  const isParked = healing?.healing?.quarantine !== undefined && row.activity === 'idle';
  return isParked && !remedy.includes(release) ? [release] : [];
}

/** First what a failed attempt recorded, as it is now if it still holds, then the rest of the current state. */
function evidenceOf(attempt: Attempt | undefined, input: WhyInput): Evidence {
  const { details: recorded = [], symptoms = [] } = attempt?.end === 'failed' ? attempt : {};
  const { bootstrap } = input;
  const itsBootstrap =
    bootstrap && attempt && bootstrap.collectedAt >= attempt.startedAt ? bootstrap : undefined;
  const now = liveEvidence(input);
  const details = withoutOutdated(recorded, symptoms, now.symptoms);
  return {
    lines: [
      // describeBootstrap reports how the bootstrap pod ended.
      ...symptoms
        .filter((symptom) => !isEndedBootstrap(symptom))
        .flatMap((symptom) => linesOf(sameNow(symptom, now.symptoms) ?? symptom)),
      ...details.filter(isErrorLine),
      ...(itsBootstrap ? describeBootstrap(itsBootstrap) : []),
      ...(itsBootstrap && itsBootstrap.exitCode !== 0 ? lastLines(itsBootstrap.log) : []),
      ...details.filter((line) => !isInfoLine(line)),
      ...now.lines,
    ],
    symptoms: [...symptoms, ...(itsBootstrap ? bootstrapSymptom(itsBootstrap) : []), ...now.symptoms],
  };
}

/** A recorded symptom as the cluster shows it now. Both side by side would contradict each other: `restarted 4 times`, `9 times`. */
function sameNow(recorded: Symptom, now: readonly Symptom[]): Symptom | undefined {
  return now.find((symptom) => subjectOf(symptom) === subjectOf(recorded));
}

function subjectOf(symptom: Symptom): string {
  switch (symptom.kind) {
    case 'pod':
      return `pod ${symptom.pod}`;
    case 'condition':
      return `condition ${symptom.type}`;
    case 'tampered':
      return `tampered ${symptom.what}`;
    default:
      return symptom.kind;
  }
}

/** Leaves out the recorded lines whose symptom the cluster shows differently now. */
function withoutOutdated(
  details: readonly string[],
  symptoms: readonly Symptom[],
  now: readonly Symptom[],
): string[] {
  const outdated = symptoms.filter((symptom) => sameNow(symptom, now)).map(describeSymptom);
  return details.filter((line) => !outdated.includes(line));
}

function isEndedBootstrap(symptom: Symptom): boolean {
  return symptom.kind === 'pod' && symptom.isBootstrap && symptom.state === 'terminated';
}

/** Pods, conditions, and FDD's report on the current deployment. */
function liveEvidence({ snapshot }: WhyInput): Evidence {
  const current = snapshot.application?.deploymentId;
  const report = current === undefined ? undefined : reportOn(snapshot, current);
  const symptoms = worstFirst(symptomsOf(snapshot));
  const lines = symptoms.flatMap((symptom) =>
    symptom.kind === 'fdd-report' ? quote(report?.logs ?? []) : linesOf(symptom),
  );
  return { lines, symptoms };
}

/** Leaves out what a headline, a message or FDD's log already shows. */
function linesOf(symptom: Symptom): string[] {
  const isShownElsewhere = ['fdd-report', 'refusal', 'no-deployment'].includes(symptom.kind);
  return isShownElsewhere ? [] : [describeSymptom(symptom)];
}

/** Leaves out lines that an earlier line contains. */
function withoutRepetition(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (const line of lines) {
    const text = line.replace(BOOTSTRAP_LOG, '');
    if (line !== '' && !kept.some((earlier) => earlier.includes(text))) kept.push(line);
  }
  return kept;
}

/** FDD's errors; without any, the last lines of its log. */
function quote(logs: readonly string[]): readonly string[] {
  const errors = logs.filter(isErrorLine);
  const others = logs.filter((line) => !isInfoLine(line));
  return [errors, others, logs].find((lines) => lines.length > 0)?.slice(-LOG_LINES) ?? [];
}

function lastLines(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-LOG_LINES)
    .map((line) => `bootstrap log: ${line}`);
}

function troubleOf({ row, snapshot, attempts }: WhyInput): Trouble {
  const { config, deployment } = snapshot;
  return {
    namespace: row.namespace,
    configMap: config?.ok ? config.value.configMap : CONFIG_MAP,
    configKey: config?.ok === false ? config.key : undefined,
    channel: row.channel,
    version: row.wanted || row.version,
    helmRelease: deployment?.helmRelease,
    isDown: whyNoFddRuns(snapshot) !== undefined,
    rolloutId: row.state === 'failed' && !isRepair(row, attempts) ? row.rollout : undefined,
  };
}

/** It has changed no release, so a rollback of it changes none either. */
function isRepair({ rollout }: FleetRow, attempts: readonly Attempt[]): boolean {
  return attempts.some(({ rolloutId, trigger }) => rolloutId === rollout && trigger === 'heal');
}
