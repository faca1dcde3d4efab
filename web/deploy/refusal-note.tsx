import { HealthIcon } from '../ui/icon.tsx';
import { readToken } from '../ui/token-store.ts';
import type { DeployRefusal } from './deploy-api.ts';

/** Why a request was refused; if it needs the token, that. */
export function RefusalNote({ refusal }: { refusal: DeployRefusal }) {
  const tokenWords =
    readToken() === ''
      ? 'The API requires a token for changes.'
      : 'The token was rejected. Enter another one.';
  return (
    <p class="notice degraded" role="alert">
      <HealthIcon health="degraded" />
      <span>{refusal.needsToken ? tokenWords : refusal.message}</span>
    </p>
  );
}
