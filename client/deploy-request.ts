/** What to deploy. */
export interface DeployRequest {
  /** Undefined means all. */
  readonly namespaces: readonly string[] | undefined;
  readonly forceBootstrap: boolean;
}

/** Names the fields as the API does. */
export function deployBody({ namespaces, forceBootstrap }: DeployRequest): Readonly<Record<string, unknown>> {
  return {
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(forceBootstrap ? { force_bootstrap: true } : {}),
  };
}
