import { useContext } from 'preact/hooks';
import { isOpen, TARGET_STATES } from '../../domain/rollout/rollout.ts';
import type { TargetView } from '../../domain/rollout/rollout-view.ts';
import { number } from '../fleet/words.ts';
import { Section } from '../namespace/section.tsx';
import { BasePath, Link } from '../ui/link.tsx';
import { duration, until } from '../ui/relative-time.ts';
import type { RolloutStore } from './rollout-store.ts';
import { StateIcon } from './state-icon.tsx';
import { formatTargetSelection, PAGE_SIZE, pagesOf, totalOf } from './target-selection.ts';
import { TARGET_WORDS } from './words.ts';

/** Every target, a page of them at a time. */
export function TargetsPanel({ store }: { store: RolloutStore }) {
  const { targets, counts } = store.rollout.value;
  const { state } = store.selection;
  const total = totalOf(counts, state);
  return (
    <Section id="targets" title="Targets" aside={<Range store={store} total={total} />}>
      <Filter store={store} />
      {targets.length === 0 ? (
        <p class="none">No targets here.</p>
      ) : (
        <table class="targets" aria-labelledby="targets">
          <thead>
            <tr>
              <th scope="col">Namespace</th>
              <th scope="col">State</th>
              <th scope="col">Wave</th>
              <th scope="col">Version</th>
              <th scope="col">Reason</th>
              <th scope="col">Time</th>
            </tr>
          </thead>
          <tbody>
            {targets.map((target) => (
              <TargetLine key={target.namespace} store={store} target={target} />
            ))}
          </tbody>
        </table>
      )}
      <Pager store={store} total={total} />
    </Section>
  );
}

function Range({ store, total }: { store: RolloutStore; total: number }) {
  const { page } = store.selection;
  const shown = store.rollout.value.targets.length;
  if (shown === 0 || total <= PAGE_SIZE) return <>{number(total)}</>;
  const first = (page - 1) * PAGE_SIZE + 1;
  return (
    <>
      {number(first)} to {number(first + shown - 1)} of {number(total)}
    </>
  );
}

function Filter({ store }: { store: RolloutStore }) {
  const base = useContext(BasePath);
  const { counts, id } = store.rollout.value;
  const { state } = store.selection;
  return (
    <form method="get" action={`${base}/rollouts/${id}`} class="rollout-filters">
      <select
        class={`select${state === '' ? '' : ' on'}`}
        name="state"
        aria-label="State of the targets"
        onChange={(event) => event.currentTarget.form?.requestSubmit()}
      >
        <option value="">Any state ({number(totalOf(counts, ''))})</option>
        {TARGET_STATES.map((each) => (
          <option key={each} value={each} selected={each === state}>
            {TARGET_WORDS[each]} ({number(counts[each])})
          </option>
        ))}
      </select>
      <button type="submit" class="button without-script">
        Apply
      </button>
    </form>
  );
}

function TargetLine({ store, target }: { store: RolloutStore; target: TargetView }) {
  const { namespace, state, version, reason, wave, because, previousVersion } = target;
  const isChecked = store.checked.value.has(namespace);
  const canCheck = isOpen(state) || state === 'failed';
  return (
    <tr>
      <th scope="row" class="target-name">
        <span class="target-check needs-script">
          {canCheck ? (
            <input
              type="checkbox"
              aria-label={`Select ${namespace}`}
              checked={isChecked}
              onChange={() => toggle(store, namespace)}
            />
          ) : null}
        </span>
        <Link href={`/status/${namespace}`}>{namespace}</Link>
      </th>
      <td class="target-state">
        <StateIcon state={state} />
        {TARGET_WORDS[state]}
      </td>
      <td class="target-wave numbers" title={because}>
        {wave === undefined ? '' : wave + 1}
      </td>
      <td class="target-version mono" title={previousVersion && `${previousVersion} before`}>
        {version}
      </td>
      <td class="target-reason">{reason}</td>
      <td class="target-time muted numbers">
        <TargetTime store={store} target={target} />
      </td>
    </tr>
  );
}

function toggle(store: RolloutStore, namespace: string): void {
  const checked = new Set(store.checked.peek());
  if (!checked.delete(namespace)) checked.add(namespace);
  store.checked.value = checked;
}

/** How long it took, or has taken until now. */
function TargetTime({ store, target }: { store: RolloutStore; target: TargetView }) {
  const { startedAt, finishedAt, retryAt, state } = target;
  if (startedAt === undefined) return null;
  if (finishedAt !== undefined && !isOpen(state)) return <>took {duration(finishedAt - startedAt)}</>;
  const now = store.now.value;
  if (retryAt !== undefined) return <>retried {until(now, retryAt)}</>;
  return <>for {duration(now - startedAt)}</>;
}

function Pager({ store, total }: { store: RolloutStore; total: number }) {
  const { page, state } = store.selection;
  const pages = pagesOf(total);
  if (pages === 1 && page === 1) return null;
  const link = (to: number) =>
    `/rollouts/${store.rollout.value.id}${formatTargetSelection({ state, page: to })}#targets`;
  return (
    <nav class="pager" aria-label="Pages of targets">
      {page > 1 ? (
        <Link class="button" href={link(Math.min(page - 1, pages))} rel="prev">
          Previous
        </Link>
      ) : null}
      <span class="muted numbers">
        Page {number(page)} of {number(pages)}
      </span>
      {page < pages ? (
        <Link class="button" href={link(page + 1)} rel="next">
          Next
        </Link>
      ) : null}
    </nav>
  );
}
