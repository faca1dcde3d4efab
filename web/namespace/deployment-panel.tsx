import type { Condition } from '../../domain/cluster/observed.ts';
import type { NamespaceDetails, PodDetails } from '../../domain/explain/namespace-details.ts';
import { HealthIcon } from '../ui/icon.tsx';
import type { NamespaceStore } from './namespace-store.ts';
import { Section } from './section.tsx';

/** FDD's Deployment and pods, compared with what they should be. */
export function DeploymentPanel({ store }: { store: NamespaceStore }) {
  const { checks, conditions, fddPods } = store.details.value;
  return (
    <Section id="deployment" title="Deployment and pods">
      {checks.length === 0 ? (
        <p class="none">The Deployment fiaas-deploy-daemon does not exist.</p>
      ) : (
        <Checks checks={checks} />
      )}
      {conditions.length === 0 ? null : (
        <>
          <h3>Conditions</h3>
          <ul class="lines">
            {conditions.map((condition) => (
              <ConditionLine key={condition.type} condition={condition} />
            ))}
          </ul>
        </>
      )}
      <h3>Pods</h3>
      {fddPods.length === 0 ? <p class="none">None.</p> : null}
      <ul class="lines">
        {fddPods.map((pod) => (
          <PodLine key={pod.name} pod={pod} />
        ))}
      </ul>
    </Section>
  );
}

function Checks({ checks }: Pick<NamespaceDetails, 'checks'>) {
  return (
    <ul class="lines">
      {checks.map(({ what, wanted, actual, isRight }) => (
        <li key={what}>
          <HealthIcon health={isRight ? 'healthy' : 'degraded'} />
          <span class="line-text">
            {what}: <span class="mono">{actual}</span>
            {isRight ? null : (
              <>
                , wanted <span class="mono">{wanted}</span>
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function ConditionLine({ condition }: { condition: Condition }) {
  const { type, status, reason, message } = condition;
  const isBad = type === 'ReplicaFailure' ? status === 'True' : status !== 'True';
  return (
    <li>
      <HealthIcon health={isBad ? 'degraded' : 'healthy'} />
      <span class="line-text">
        {type}={status}
        {reason === undefined ? '' : `: ${reason}`}
        {message === undefined ? null : <span class="muted"> {message}</span>}
      </span>
    </li>
  );
}

function PodLine({ pod }: { pod: PodDetails }) {
  const isFine = pod.ready || (pod.isBootstrap && pod.phase !== 'Failed');
  return (
    <li>
      <HealthIcon
        health={pod.reason !== undefined && !isFine ? 'degraded' : pod.ready ? 'healthy' : 'progressing'}
      />
      <span class="line-text">
        <span class="mono">{pod.name}</span>
        <br />
        {pod.reason ?? (pod.ready ? 'ready' : pod.phase)}
        {pod.reason === undefined && pod.restarts > 0 ? `, restarted ${pod.restarts} times` : ''}
        {pod.deleting ? ', being deleted' : ''}
      </span>
    </li>
  );
}
