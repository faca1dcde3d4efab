/** Replaces what differs between namespaces with the same failure. */
const ANY = '…';
const LENGTH = 200;

/** Kubernetes' generated names use these letters only. */
const GENERATED = '[bcdfghjklmnpqrstvwxz2456789]';
/** A name ends where no letter, digit or hyphen follows; an underscore joins names. */
const END = '(?![a-zA-Z0-9-])';

/** Texts that differ although the failure is the same, applied in this order. */
const DIFFERENCES: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:ErrImagePull|ImagePullBackOff): (?:back-off pulling|failed to pull) image/i,
    'ImagePullBackOff: image',
  ],
  [/exceeded quota: ([^,]+), requested: (.*?)(?:, used: .*)?$/, 'exceeded quota: $1 ($2)'],
  [/(\b[\w./-]+)=\d+(?:\.\d+)?(?:[a-zA-Z]{1,2})?(?=[,)\s]|$)/g, '$1'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, ANY],
  [/\b\d{8}-\d{6}-[0-9a-f]{8}\b/g, ANY],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z| UTC|[+-]\d{2}:?\d{2})?/g, ANY],
  [new RegExp(`-(?=[a-z]*\\d)[a-z0-9]{5,10}-${GENERATED}{5}${END}`, 'g'), `-${ANY}`],
  [new RegExp(`-${GENERATED}{5,10}-${GENERATED}{5}${END}`, 'g'), `-${ANY}`],
  [new RegExp(`\\b(fiaas-deploy-daemon)-(?=${GENERATED}*\\d)${GENERATED}{5,10}${END}`, 'g'), `$1-${ANY}`],
  [new RegExp(`\\bfiaas-deploy-daemon-[a-z2-7]{13}${END}`, 'g'), `fiaas-deploy-daemon-${ANY}`],
  [/\[[0-9a-f]*:[0-9a-f:.]+\](?::\d+)?/gi, ANY],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+|\/\d+)?\b/g, ANY],
  [/\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b/g, ANY],
  [/\b(attempt|generation|observed|restarted|port|pid|line) \d+\b/gi, `$1 ${ANY}`],
  [/\b\d+(?:\.\d+)?(?:h\d+m\d+(?:\.\d+)?s|m\d+(?:\.\d+)?s|h\d+m)\b/g, ANY],
  [/\b\d+(?:\.\d+)? ?(?:ns|µs|us|ms|s|m|h|sec|secs|seconds?|min|mins|minutes?|hours?)\b/g, ANY],
];

/**
 * The key that groups failures: the first line of a cause without the namespace's name, generated names, ids, addresses,
 * times and attempt numbers. Versions stay: a release that is broken in one version is one cause.
 */
export function causeGroup(cause: string, namespace: string): string {
  const [first = ''] = cause.trim().split('\n', 1);
  let group = withoutName(first, namespace);
  for (const [pattern, replacement] of DIFFERENCES) group = group.replace(pattern, replacement);
  const words = group.replace(/\s+/g, ' ').trim();
  return words.length <= LENGTH ? words : `${words.slice(0, LENGTH - 1)}${ANY}`;
}

/** A name that could be an ordinary word is replaced only in quotes, in a path, or after "namespace". */
function withoutName(text: string, namespace: string): string {
  if (namespace === '' || !text.includes(namespace)) return text;
  const name = namespace.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const distinct = /[\d-]/.test(namespace);
  const pattern = distinct
    ? `(?<![a-zA-Z0-9-])${name}${END}`
    : `(?<=["'/]|namespaces? )${name}${END}|(?<![a-zA-Z0-9-])${name}(?=/)`;
  return text.replace(new RegExp(pattern, 'g'), ANY);
}
