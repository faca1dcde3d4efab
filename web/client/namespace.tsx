import { hydrate } from 'preact';
import { FleetPage } from '../pages/fleet-page.tsx';

const root = document.getElementById('page');
if (root) hydrate(<FleetPage />, root);
