import type { HealingFilter, HealingPage } from '../domain/heal/list-healing.ts';

/** Which namespaces to list. Undefined matches every one. */
export type HealingRequest = HealingFilter & Partial<HealingPage>;
