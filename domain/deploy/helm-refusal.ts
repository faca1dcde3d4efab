/** Why Skipper deploys nothing if Helm manages FDD. */
export function helmRefusal(helmRelease: string): string {
  return `FDD is managed by Helm release ${helmRelease}: upgrade it there, or force a bootstrap to take it over`;
}
