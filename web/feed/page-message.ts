/** Messages from a page to the worker. `wake`: retry now, the page is visible; `bye`: the page closes. */
export type PageMessage = 'wake' | 'bye';
