import { awaitsFdd } from '../cluster/awaits-fdd.ts';
import { hasNewConfiguration } from '../cluster/has-new-configuration.ts';
import { isLeaving } from '../cluster/is-leaving.ts';
import type { NamespaceSnapshot } from '../cluster/observed.ts';
import { runningVersion } from '../cluster/running-version.ts';
import { runsAsRequested } from '../cluster/runs-as-requested.ts';
import { type NamespaceStatus, statusOf } from '../cluster/status.ts';
import { describeSymptom, failedReport, symptomsOf, tampered, worstFirst } from '../cluster/symptoms.ts';
import { currentRecord } from '../deploy/current-record.ts';
import type { Quarantine } from '../heal/healing.ts';
import type { Unjudged } from '../heal/holding-now.ts';
import type { Finding } from '../heal/rule.ts';
import { isUnfinished } from '../rollout/is-unfinished.ts';
import type { NamespaceRecord } from '../rollout/namespace-record.ts';
import type { Phase } from '../rollout/phase.ts';
import { causeGroup } from './cause-group.ts';
import type { ActivityValue, FleetRow, Health } from './fleet-row.ts';
import type { SeenChannel } from './summarise-fleet.ts';
import { type ChannelTarget, targetOf } from './target-of.ts';

/** The fields of a namespace's record that a row shows. */
export type ShownRecord = Pick<
  NamespaceRecord,
  | 'generation'
  | 'handled'
  | 'state'
  | 'phase'
  | 'reason'
  | 'attempt'
  | 'lastFailure'
  | 'rolloutId'
  | 'jobId'
  | 'changedAt'
  | 'finishedAt'
  | 'retryAt'
  | 'lastCode'
  | 'lastState'
  | 'trigger'
>;

export interface RowInput {
  readonly snapshot: NamespaceSnapshot;
  /** Undefined if nothing was ever requested, or Redis is down. */
  readonly record: ShownRecord | undefined;
  /** Undefined if it is not in quarantine, or Redis is down. */
  readonly quarantine?: Pick<Quarantine, 'reason' | 'evidence'> | undefined;
  /** The health rule that holds here now; undefined if none is known to. */
  readonly finding?: Pick<Finding, 'rule' | 'evidence' | 'since'> | undefined;
  /** A health rule that held here, and is not judged now. */
  readonly unjudged?: Unjudged | undefined;
  /** Version of the requested release: the wanted version during the request. */
  readonly requested: string | undefined;
  /** The namespace's release channel as last read; undefined if it was never read. */
  readonly seen: SeenChannel | undefined;
}

/** The row of one namespace. For its health see `healthOf`; health rules can make it worse: see `withRules`. */
export function toFleetRow(input: RowInput): FleetRow {
  const { snapshot, quarantine, requested, seen } = input;
  const record = currentRecord(input.record, snapshot);
  const { namespace, status, version, channel, description } = statusOf(snapshot);
  const busy = isUnfinished(record);
  const activity = busy ? activityOf(record) : 'idle';
  const target = targetOf(channel, seen);
  const released = target.kind === 'known' ? target.version : '';
  const wanted = busy ? (requested ?? released) : released;
  const running = runningVersion(snapshot);
  const seenNow = { status, description, version, running, wanted, channel, activity, target };
  const facts: Facts = { snapshot, record, quarantine, ...seenNow };
  const shown = withRules({ health: healthOf(facts), ...causeOf(facts) }, input);
  const { health, cause, code, rule, since = sinceOf(facts, health) } = shown;
  return {
    namespace,
    status,
    health,
    channel,
    version,
    running,
    wanted,
    activity,
    detail: busy ? detailOf(record, activity) : '',
    cause,
    causeGroup: causeGroup(cause, namespace),
    code,
    state: record?.state,
    attempt: record?.attempt ?? 0,
    retryAt: activity === 'retrying' ? record?.retryAt : undefined,
    since,
    rule,
    rollout: record?.rolloutId,
    jobId: record?.jobId,
  };
}

/** What a row shows of how the namespace is doing. */
interface Condition extends Cause, Pick<FleetRow, 'health' | 'rule' | 'since'> {}

/**
 * A rule that holds makes degraded what looks good. Of one that held, and is not judged now, nothing shows that it has ended: so
 * nothing looks healthy.
 */
function withRules(own: Condition, { finding, unjudged }: RowInput): Condition {
  if (!LOOKS_GOOD.includes(own.health)) return own;
  if (finding) {
    const { rule, evidence, since } = finding;
    return { health: 'degraded', cause: `${rule}: ${evidence}`, rule, since };
  }
  return unjudged ? withUnjudged(own, unjudged) : own;
}

/** Everything else has a cause of its own, or is under way. */
const LOOKS_GOOD: readonly Health[] = ['outdated', 'unknown', 'healthy'];

function withUnjudged(own: Condition, { rule, why }: Unjudged): Condition {
  const cause = `Unknown whether ${rule} still holds: ${why}`;
  if (own.health === 'healthy') return { health: 'unknown', cause, rule };
  return { ...own, cause: `${own.cause}. ${cause}` };
}

interface Facts
  extends Pick<NamespaceStatus, 'status' | 'description' | 'version' | 'channel'>,
    Pick<RowInput, 'snapshot' | 'record' | 'quarantine'> {
  readonly running: string;
  readonly wanted: string;
  readonly activity: ActivityValue;
  readonly target: ChannelTarget;
}

const ACTIVITY_OF: Readonly<Partial<Record<Phase, ActivityValue>>> = {
  planning: 'planning',
  applying: 'applying',
  bootstrapping: 'bootstrapping',
  'collecting the bootstrap log': 'bootstrapping',
  'waiting for FDD': 'waiting for FDD',
  'rolling out': 'rolling out',
  backoff: 'retrying',
};

function activityOf({ phase }: ShownRecord): ActivityValue {
  return ACTIVITY_OF[phase] ?? 'queued';
}

function detailOf(record: ShownRecord, activity: ActivityValue): string {
  return activity === 'retrying' ? `attempt ${record.attempt} failed` : record.reason;
}

/**
 * First match wins:
 * - degraded, while a request is unfinished: something failed before, and this is its retry.
 * - progressing: any other unfinished request.
 * - unmanaged: Helm owns FDD.
 * - degraded: the ConfigMap is invalid or being deleted; or FDD has no available replica, or too few; or it was deployed and no longer exists;
 *   or the latest deploy failed, according to our record or FDD's own report; or its channel does not exist;
 *   or the Application or the Deployment is being deleted, or the Deployment was scaled to 0 or paused; or it is in quarantine.
 * - outdated: FDD was never deployed, or its image differs from that of its Application or its channel, or its
 *   configuration has changed since it was started, or it has not taken up the deployment of its Application.
 * - unknown: its channel was never read successfully; or FDD was not up in its last deploy, and is up now.
 * - healthy: everything else.
 */
function healthOf(facts: Facts): Health {
  const { snapshot, record, status, activity, target } = facts;
  if (activity !== 'idle') return isRetry(facts) ? 'degraded' : 'progressing';
  if (status === 'HELM_MANAGED') return 'unmanaged';
  if (isLeaving(snapshot) || facts.quarantine) return 'degraded';
  if (status === 'CONFIG_ERROR' || status === 'UNAVAILABLE' || status === 'FAILED') return 'degraded';
  if (isUnverified(facts)) return 'unknown';
  if (record?.state === 'failed' || failedReport(snapshot) !== undefined) return 'degraded';
  if (target.kind === 'missing') return 'degraded';
  if (tampered(snapshot).length > 0) return 'degraded';
  if (status === 'NOT_FOUND') return record?.state === 'completed' ? 'degraded' : 'outdated';
  if ((snapshot.deployment?.availableReplicas ?? 0) < (snapshot.deployment?.replicas ?? 0)) return 'degraded';
  if (status === 'VERSION_MISMATCH' || runsAnotherVersion(facts)) return 'outdated';
  if (hasNewConfiguration(snapshot) || awaitsFdd(snapshot)) return 'outdated';
  return target.kind === 'unknown' ? 'unknown' : 'healthy';
}

/**
 * FDD did not come up in its last deploy, but is up now with what was wanted: what the deploy has reported is not true any more,
 * and nothing has proven the rest.
 */
function isUnverified(facts: Facts): boolean {
  const { record, snapshot, target } = facts;
  if (record?.state !== 'failed' || !DID_NOT_COME_UP.includes(record.lastCode ?? '')) return false;
  return target.kind !== 'missing' && !runsAnotherVersion(facts) && runsAsRequested(snapshot);
}

/** Codes of deploys that ended because FDD was not up. */
const DID_NOT_COME_UP: readonly string[] = [
  'progress_deadline',
  'fdd_cannot_run',
  'fdd_lost',
  'bootstrap_failed',
];

/** A failure counts until a later attempt succeeds. Rate limiting is a delay, not a failure. */
function isRetry({ record, activity }: Facts): boolean {
  if (!record) return false;
  if (record.trigger === 'retry' && record.lastState === 'failed') return true;
  const hasFailed = activity === 'retrying' || record.lastFailure !== '';
  return hasFailed && record.lastCode !== 'rate_limited';
}

function runsAnotherVersion(facts: Facts): boolean {
  return facts.wanted !== '' && actualVersion(facts) !== facts.wanted;
}

/** An old pod can keep running while the Deployment specifies the wanted version. */
function actualVersion({ version, running, wanted }: Facts): string {
  return running !== '' && running !== wanted ? running : version;
}

interface Cause {
  readonly cause: string;
  readonly code?: string | undefined;
}

const NOTHING: Cause = { cause: '' };

/** What is wrong, from the best source. During a request, nothing until its first attempt has failed. */
function causeOf(facts: Facts): Cause {
  const { record, quarantine, status, description, activity, wanted, channel, snapshot, target } = facts;
  const code = record?.lastCode || undefined;
  if (activity !== 'idle') {
    const failure = activity === 'retrying' ? record?.reason : record?.lastFailure;
    return failure ? { cause: failure, code } : NOTHING;
  }
  if (status === 'CONFIG_ERROR') return { cause: description, code: 'config_error' };
  if (status === 'HELM_MANAGED') return { cause: description, code: 'helm_managed' };
  if (isLeaving(snapshot)) return { cause: LEAVING, code: 'namespace_gone' };
  if (quarantine) return { cause: `In quarantine: ${quarantine.evidence}: ${quarantine.reason}` };
  if (isUnverified(facts)) return { cause: `${UNVERIFIED}: ${record?.reason ?? ''}`, code };
  if (record?.state === 'failed') return { cause: record.reason, code };
  const reported = failedReport(snapshot);
  if (reported) return { cause: describeSymptom(reported), code: 'fdd_failed' };
  const [change] = tampered(snapshot);
  if (change) return { cause: describeSymptom(change) };
  const isDown = status === 'UNAVAILABLE' || status === 'FAILED';
  if (target.kind === 'missing' && !isDown) return { cause: target.problem, code: target.code };
  if (status !== 'OK') return { cause: worstSymptomLine(snapshot) ?? description };
  if (runsAnotherVersion(facts)) {
    return { cause: `Runs ${actualVersion(facts)}, channel "${channel}" is at ${wanted}` };
  }
  if (hasNewConfiguration(snapshot)) return { cause: 'The configuration has changed since FDD was started' };
  if (awaitsFdd(snapshot)) return { cause: NOT_TAKEN_UP };
  return target.kind === 'unknown' ? { cause: target.problem, code: target.code } : NOTHING;
}

const UNVERIFIED =
  'FDD is available with the wanted version, but not verified since its last deploy failed with';
const LEAVING = 'The ConfigMap is being deleted, as in a terminating namespace: nothing is deployed here';
const NOT_TAKEN_UP = 'FDD has not taken up the deployment that its Application requests';

/** Pods that cannot be created or do not start show the cause; the Deployment's other conditions only the effect. */
function worstSymptomLine(snapshot: NamespaceSnapshot): string | undefined {
  const { deployment } = snapshot;
  const isUp = deployment !== undefined && (deployment.availableReplicas ?? 0) >= deployment.replicas;
  if (isUp) return undefined;
  // With a Deployment the bootstrap pod is irrelevant.
  const about = deployment ? { ...snapshot, bootstrapPod: undefined } : snapshot;
  const worst = worstFirst(symptomsOf(about)).find(({ kind }) => kind === 'condition' || kind === 'pod');
  return worst && describeSymptom(worst);
}

/**
 * From the record while a deploy runs or has failed; otherwise from the Deployment's conditions, if the state follows from
 * them. Of other states, such as a changed ConfigMap, nobody knows when they began.
 */
function sinceOf({ record, activity, snapshot, status }: Facts, health: Health): number | undefined {
  const fromRecord = record === undefined || record.changedAt === 0 ? undefined : record.changedAt;
  if (activity !== 'idle' || record?.state === 'failed') return fromRecord;
  if (health === 'healthy') return snapshot.deployment?.changedAt ?? fromRecord;
  return status === 'UNAVAILABLE' && isUnavailable(snapshot) ? snapshot.deployment?.changedAt : undefined;
}

/** With a strategy that lets all pods be unavailable, the condition stays True. */
function isUnavailable({ deployment }: NamespaceSnapshot): boolean {
  return (
    deployment?.conditions.some(({ type, status }) => type === 'Available' && status === 'False') ?? false
  );
}
