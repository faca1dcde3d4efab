/** When FDD added each bootstrap argument (yyyymm): an older image exits with code 2 if it gets one. */
const KNOWN_SINCE = {
  '--enable-crd-support': 201711,
  '--use-apiextensionsv1-crd': 202202,
  '--enable-service-account-per-app': 202009,
  '--use-networkingv1-ingress': 202111,
} as const;

export type BootstrapArgument = keyof typeof KNOWN_SINCE;

/** Tags of the release channel start with their build time: 20220808113256-eef68a8. */
const DATED_TAG = /^(\d{6})\d{8}-/;

/** True if an image of this version supports the argument; versions without a date (v1.10.0) are newer than all of them. */
export function supportsArgument(version: string, argument: BootstrapArgument): boolean {
  const month = DATED_TAG.exec(version)?.[1];
  return month === undefined || Number(month) >= KNOWN_SINCE[argument];
}
