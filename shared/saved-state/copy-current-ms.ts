/** Workers replace the copy twice in this time: one that is older could not be replaced. */
export const COPY_CURRENT_MS = 120_000;
