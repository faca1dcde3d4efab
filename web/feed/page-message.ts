/** What a page sends to the worker. `wake`: try again now, somebody is looking; `bye`: the page goes. */
export type PageMessage = 'wake' | 'bye';
