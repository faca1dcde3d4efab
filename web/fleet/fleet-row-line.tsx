import { Component } from 'preact';
import { type FleetRow, isPastCause } from '../../domain/fleet/fleet-row.ts';
import { HealthIcon, Icon } from '../ui/icon.tsx';
import { Link } from '../ui/link.tsx';
import { Since } from '../ui/moment.tsx';
import { activityWords } from './activity-words.ts';
import type { FleetStore } from './fleet-store.ts';
import { hasWords } from './line-height.ts';
import { HEALTH_WORDS, statusWords } from './words.ts';

/** A cause longer than this might not fit into its two lines. */
const LONG_CAUSE = 90;

export interface RowLineProps {
  readonly store: FleetStore;
  readonly row: FleetRow;
  readonly index: number;
  readonly isChecked: boolean;
  readonly isExpanded: boolean;
  readonly isActive: boolean;
  readonly measure: (line: HTMLElement | null) => void;
  readonly actions: RowActions;
}

export interface RowActions {
  readonly check: (index: number, withRange: boolean) => void;
  readonly expand: (namespace: string) => void;
  readonly deploy: (namespace: string) => void;
}

/** One namespace. A class, so that it is rendered only when its own props have changed. */
export class FleetRowLine extends Component<RowLineProps> {
  override shouldComponentUpdate(next: RowLineProps): boolean {
    return (Object.keys(next) as (keyof RowLineProps)[]).some((key) => next[key] !== this.props[key]);
  }

  override render({ store, row, index, isChecked, isExpanded, isActive, measure, actions }: RowLineProps) {
    const { namespace } = row;
    const classes = [
      'line',
      row.health,
      hasWords(row) && 'words',
      isChecked && 'checked',
      isActive && 'active',
      isExpanded && 'unfolded',
    ];
    return (
      <tr
        class={classes.filter(Boolean).join(' ')}
        aria-rowindex={index + 2}
        data-index={index}
        data-namespace={namespace}
        tabIndex={isActive ? 0 : -1}
        ref={measure}
      >
        <td class="cell check needs-script">
          <input
            type="checkbox"
            aria-label={`Select ${namespace}`}
            checked={isChecked}
            onClick={(event) => actions.check(index, event.shiftKey)}
          />
        </td>
        <td class="cell status" title={HEALTH_WORDS[row.health].meaning}>
          <HealthIcon health={row.health} />
          <span class="visually-hidden">{HEALTH_WORDS[row.health].word}: </span>
          <StatusText row={row} />
        </td>
        <td class="cell namespace">
          <Link href={`/status/${namespace}`}>{namespace}</Link>
        </td>
        <td class="cell channel">{row.channel || <span class="muted">none</span>}</td>
        <td class="cell version mono">
          <Versions row={row} />
        </td>
        <td class="cell going-on">
          <GoingOn store={store} row={row} isExpanded={isExpanded} onExpand={actions.expand} />
        </td>
        <td class="cell since muted numbers">
          {row.since === undefined ? null : <Since at={row.since} now={store.now} />}
        </td>
        <td class="cell row-actions needs-script">
          <button
            type="button"
            class="button small"
            aria-label={`Deploy ${namespace}`}
            onClick={() => actions.deploy(namespace)}
          >
            Deploy
          </button>
        </td>
      </tr>
    );
  }
}

function StatusText({ row }: { row: FleetRow }) {
  const { word, remark } = statusWords(row);
  return (
    <span class="status-text">
      <span class="status-word">{word}</span>
      {remark === '' ? null : <span class="status-remark">{remark}</span>}
    </span>
  );
}

function Versions({ row: { version, wanted } }: { row: FleetRow }) {
  const isChanging = wanted !== '' && wanted !== version;
  return (
    <>
      <span class="version-now">{version || <span class="muted">not deployed</span>}</span>
      {isChanging ? (
        <span class="version-wanted">
          <span aria-hidden="true">→ </span>
          <span class="visually-hidden">should be </span>
          {wanted}
        </span>
      ) : null}
    </>
  );
}

interface GoingOnProps {
  readonly store: FleetStore;
  readonly row: FleetRow;
  readonly isExpanded: boolean;
  readonly onExpand: (namespace: string) => void;
}

function GoingOn({ store, row, isExpanded, onExpand }: GoingOnProps) {
  const { cause, namespace } = row;
  const isLong = cause.length > LONG_CAUSE || cause.includes('\n');
  return (
    <>
      {row.activity === 'idle' ? null : <Activity store={store} row={row} />}
      {cause === '' ? null : (
        <span class={`cause${isExpanded ? ' expanded' : ''}`}>
          <span class="cause-text" title={cause}>
            {isPastCause(row) ? <span class="muted">Last attempt: </span> : null}
            {cause}
          </span>
          {isLong ? (
            <button
              type="button"
              class="expand needs-script"
              aria-expanded={isExpanded}
              aria-label={`Full cause of ${namespace}`}
              title={isExpanded ? 'Show less' : 'Show all'}
              onClick={() => onExpand(namespace)}
            >
              <Icon name="chevron" />
            </button>
          ) : null}
        </span>
      )}
    </>
  );
}

/** Subscribes to the clock itself, so that a countdown rerenders only its own text. */
function Activity({ store, row }: { store: FleetStore; row: FleetRow }) {
  const { doing, detail } = activityWords(row, row.retryAt === undefined ? 0 : store.now.value);
  return (
    <span class="activity" title={detail === '' ? undefined : detail}>
      <span class="activity-word">{doing}</span>
      {detail === '' ? null : ` ${detail}`}
    </span>
  );
}
