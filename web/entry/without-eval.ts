import { config } from 'zod';

/** Zod compiles schemas with `new Function`, which the page's policy forbids. Imported before any schema is made. */
config({ jitless: true });
