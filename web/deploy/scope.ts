/** What to deploy: one namespace, those checked, a group, everything that the filters show, or the whole fleet. */
export type DeployScope =
  | { readonly kind: 'one'; readonly namespace: string }
  | { readonly kind: 'checked' }
  | { readonly kind: 'group'; readonly cause: string }
  | { readonly kind: 'filtered' }
  | { readonly kind: 'all' };

export interface ScopeSource {
  readonly checked: ReadonlySet<string>;
  /** Everything the filters show. */
  readonly selected: readonly string[];
  readonly members: (cause: string) => readonly string[];
}

/** The names to send; undefined means the whole fleet, including namespaces that join it until the API plans. */
export function namespacesOf(scope: DeployScope, source: ScopeSource): readonly string[] | undefined {
  switch (scope.kind) {
    case 'one':
      return [scope.namespace];
    case 'checked':
      return [...source.checked].sort();
    case 'group':
      return source.members(scope.cause);
    case 'filtered':
      return source.selected;
    case 'all':
      return undefined;
  }
}
