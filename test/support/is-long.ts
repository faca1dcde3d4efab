/** `npm run test:long` looks longer, and at more, than every change can wait for. */
export const isLong = process.env.TEST_LONG === '1';
