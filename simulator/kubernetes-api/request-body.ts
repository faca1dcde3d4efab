import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import { badRequest, unsupportedMediaType } from './api-error.ts';

const BODY_LIMIT_BYTES = 3 * 1024 * 1024;

/** The decoded body; undefined when there is none. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT_BYTES) throw badRequest('the request body is too large');
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  return text.trim() === '' ? undefined : decode(text, contentTypeOf(request));
}

export function contentTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

/** JSON is YAML too, but a hundred times faster to read as JSON. */
function decode(text: string, contentType: string): unknown {
  if (contentType === 'application/vnd.kubernetes.protobuf') throw unsupportedMediaType();
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!contentType.includes('yaml')) {
      throw badRequest(
        `the object provided is unrecognized: couldn't get version/kind; json parse error: ${error}`,
      );
    }
    return decodeYaml(text);
  }
}

function decodeYaml(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error}`);
  }
}
