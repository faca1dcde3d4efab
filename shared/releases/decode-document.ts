import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { invalid, ok, type Result } from '../../domain/release/result.ts';

type Decompress = (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const INFLATE: Decompress = promisify(inflate);
const INFLATE_RAW: Decompress = promisify(inflateRaw);

/** Storage servers send compressed files as they are, even if the client did not request compression. */
const DECOMPRESS: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip) as Decompress,
  'x-gzip': promisify(gunzip) as Decompress,
  br: promisify(brotliDecompress) as Decompress,
  // Some servers send zlib's format, others raw deflate.
  deflate: (packed, options) => INFLATE(packed, options).catch(() => INFLATE_RAW(packed, options)),
};

/** The text of a response: decompressed, without its byte order mark. Only UTF-8 is accepted. */
export async function decodeDocument(
  bytes: Buffer,
  contentEncoding: string,
  maxBytes: number,
): Promise<Result<string>> {
  const encodings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'identity');
  let plain = bytes;
  for (const encoding of encodings.toReversed()) {
    const decompress = DECOMPRESS[encoding];
    if (!decompress) return invalid(`has the unknown content-encoding "${encoding}"`);
    try {
      plain = await decompress(plain, { maxOutputLength: maxBytes });
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return invalid(isTooLarge ? `is larger than ${maxBytes} bytes` : `is not valid ${encoding}`);
    }
  }
  return decodeText(plain);
}

/** A byte order mark is left out. */
export function decodeText(bytes: Uint8Array): Result<string> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return invalid('is not UTF-8 text');
  }
}
