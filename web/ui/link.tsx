import { type ComponentProps, createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** The path that Skipper's pages are under, without a trailing slash; empty at the root. */
export const BasePath = createContext('');

interface LinkProps extends Omit<ComponentProps<'a'>, 'href' | 'role'> {
  /** Below the base path: `/status` */
  readonly href: string;
}

/** A link to a page or an answer of this Skipper. Links from the API have the base path already. */
export function Link({ href, ...rest }: LinkProps) {
  return <a {...rest} href={useContext(BasePath) + href} />;
}
