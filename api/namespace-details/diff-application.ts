import { structuredPatch } from 'diff';
import { stringify } from 'yaml';
import { APP_LABEL, BOOTSTRAP_LABEL, DEPLOYMENT_ID_LABEL } from '../../domain/cluster/names.ts';
import type { DiffLine, WantedDiff } from '../../domain/explain/namespace-details.ts';

/** The compared parts of an Application, wanted or actual. */
export interface ApplicationLike {
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
}

const CONTEXT_LINES = 3;
const SKIPPERS_LABELS = [APP_LABEL, 'heritage', BOOTSTRAP_LABEL, DEPLOYMENT_ID_LABEL];
const SKIPPERS_FIELDS = ['application', 'image', 'config'];

/** The unified diff from the actual Application to the wanted one. */
export function diffApplications(actual: ApplicationLike | undefined, wanted: ApplicationLike): WantedDiff {
  const before = actual ? skippersPart(actual) : '';
  const { hunks } = structuredPatch('', '', before, skippersPart(wanted), '', '', { context: CONTEXT_LINES });
  return {
    isEqual: hunks.length === 0,
    hunks: hunks.map(({ lines }) => lines.filter((line) => !line.startsWith('\\')).map(toDiffLine)),
  };
}

function toDiffLine(line: string): DiffLine {
  const kind = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
  return { kind, text: line.slice(1) };
}

/** Compares only what Skipper writes: others can add labels, annotations and fields. Keys are sorted: their order is irrelevant. */
function skippersPart({ metadata, spec = {} }: ApplicationLike): string {
  const { name, namespace, labels = {} } = metadata;
  return stringify(
    {
      metadata: { name, namespace, labels: pick(labels, SKIPPERS_LABELS) },
      spec: pick(spec, SKIPPERS_FIELDS),
    },
    { sortMapEntries: true, lineWidth: 0 },
  );
}

function pick(values: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}
