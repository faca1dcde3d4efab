/** Which image knows an argument, by the date at the start of its tag. */
const KNOWN_SINCE: Readonly<Record<string, string>> = {
  '--enable-crd-support': '20171101',
  '--enable-service-account-per-app': '20200901',
  '--use-networkingv1-ingress': '20211101',
  '--use-apiextensionsv1-crd': '20220201',
};

/** The arguments that an image of this version rejects; a tag without a date (`v1.10.0`) is newer than all of them. */
export function unknownArguments(version: string, args: readonly string[]): readonly string[] {
  const date = /^(\d{8})\d*-/.exec(version)?.[1] ?? '99999999';
  return args.filter((argument) => (KNOWN_SINCE[argument] ?? '99999999~') > date);
}
