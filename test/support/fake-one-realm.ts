import { types } from 'node:util';

/**
 * Jest runs a test in its own context, where errors that Node creates (ENOENT, TimeoutError) are not an instance
 * of that context's Error. A real process has one realm only; importing this file restores that.
 */
const ordinary = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
  configurable: true,
  value(this: unknown, value: unknown): boolean {
    if (ordinary.call(this as () => void, value)) return true;
    // Subclasses inherit this method; only Error itself is duplicated.
    return this === Error && (types.isNativeError(value) || value instanceof DOMException);
  },
});
