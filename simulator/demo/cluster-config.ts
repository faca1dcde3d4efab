import { stringify } from 'yaml';
import { flagOf, type SettingName } from '../../shared/config.ts';

const RELEASE_CHECK_SECONDS = 5;
/** With misbehaving namespaces it shall show soon that they do. */
const PROGRESS_DEADLINE_SECONDS = 30;

export interface ClusterConfig {
  readonly kubeconfig: string;
  readonly baseurl: string;
  /** Another one for each cluster: what Redis knows of one that is gone must not be taken for this one's. */
  readonly redisPrefix: string;
  readonly failRate: number;
  readonly releaseEvery: number | undefined;
  /** Where what must survive a loss of Redis is saved. */
  readonly stateConfigMap: string | undefined;
  /** The file of the rollout policy. */
  readonly rolloutPolicy: string;
}

/** The config file of a Skipper that works on a simulated cluster. */
export function clusterConfigText(config: ClusterConfig): string {
  const { kubeconfig, baseurl, redisPrefix, failRate, releaseEvery, stateConfigMap, rolloutPolicy } = config;
  const settings: Partial<Record<SettingName, string | number>> = {
    kubeconfig,
    baseurl,
    redisPrefix,
    rolloutPolicy,
    ...(stateConfigMap === undefined ? {} : { stateConfigMap }),
    environmentLabel: 'simulated cluster',
    releaseCheckInterval: releaseCheckInterval(releaseEvery),
    ...(failRate > 0 ? { progressDeadline: PROGRESS_DEADLINE_SECONDS } : {}),
  };
  const keys = Object.entries(settings).map(([name, value]) => [flagOf(name as SettingName), value]);
  return `# Written by the simulated cluster.\n${stringify(Object.fromEntries(keys))}`;
}

/** What is published shall be seen soon. */
export function releaseCheckInterval(releaseEvery: number | undefined): number {
  if (releaseEvery === undefined) return RELEASE_CHECK_SECONDS;
  return Math.min(RELEASE_CHECK_SECONDS, Math.max(1, releaseEvery / 2));
}
