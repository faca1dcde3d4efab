const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const MASK = (1n << 64n) - 1n;

/** The name that FDD gives to the ApplicationStatus of a deployment id. */
export function statusName(application: string, deploymentId: string): string {
  return `${application}-${base32(littleEndian(python2Hash(deploymentId)))}`;
}

/** Python 2.7's string hash on 64 bits, as FDD computes it to this day. */
function python2Hash(text: string): bigint {
  const bytes = Buffer.from(text, 'utf8');
  const first = bytes[0];
  if (first === undefined) return 0n;
  let hash = (BigInt(first) << 7n) & MASK;
  for (const byte of bytes) hash = ((1_000_003n * hash) & MASK) ^ BigInt(byte);
  hash ^= BigInt(bytes.length);
  return hash === MASK ? MASK - 1n : hash;
}

function littleEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Lower case and unpadded. */
function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      text += ALPHABET[(bits >> (held - 5)) & 31];
      held -= 5;
    }
    bits &= (1 << held) - 1;
  }
  return held === 0 ? text : text + ALPHABET[(bits << (5 - held)) & 31];
}
