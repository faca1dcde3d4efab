import './without-eval.ts';
import { hydrate } from 'preact';
import { AuditPage } from '../audit/audit-page.tsx';
import type { AuditPageState } from '../audit/page-state.ts';
import { basePath } from '../server-url.ts';
import { BasePath } from '../ui/link.tsx';
import { readPageState } from './read-page-state.ts';

const root = document.getElementById('page');
const state = readPageState<AuditPageState>();

if (root && state) {
  hydrate(
    <BasePath.Provider value={basePath()}>
      <AuditPage {...state} />
    </BasePath.Provider>,
    root,
  );
}
