/** `npm run test:long` tests longer and with more data than a normal run. */
export const isLong = process.env.TEST_LONG === '1';
