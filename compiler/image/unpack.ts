/** What kernels, modules and packages are packed with. Node itself knows gzip; the rest is left to its own programs. */
import { spawnSync } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { KernelDescriptionError } from '../kernel/error.ts';
import { unpackLz4 } from './lz4.ts';

/** No kernel is as large; what claims to be is not unpacked further. */
export const LARGEST_IMAGE = 2 ** 29;

type Unpack = (bytes: Buffer, limit: number) => Buffer;

const FORMATS: readonly { readonly magic: Buffer; readonly unpack: Unpack }[] = [
  { magic: Buffer.from([0x1f, 0x8b]), unpack: gunzip },
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), unpack: byProgram('xz', ['-dc', '-qq']) },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), unpack: byProgram('zstd', ['-dcqq']) },
  { magic: Buffer.from([0x02, 0x21, 0x4c, 0x18]), unpack: lz4 },
];

/** Unpacked, or as it is where no format is known. Throws KernelDescriptionError, also for more bytes than the limit. */
export function unpack(bytes: Buffer, limit: number = LARGEST_IMAGE): Buffer {
  const format = FORMATS.find(({ magic }) => bytes.subarray(0, magic.length).equals(magic));
  return format ? format.unpack(bytes, limit) : bytes;
}

/** The reason where something packed is refused for its size. */
export function tooLarge(limit: number): string {
  return `it has more than ${limit} bytes, which no part of a kernel has`;
}

function gunzip(bytes: Buffer, limit: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw new KernelDescriptionError(tooLarge(limit));
    throw new KernelDescriptionError(`it cannot be unpacked: ${String(error)}`);
  }
}

function lz4(bytes: Buffer, limit: number): Buffer {
  try {
    return unpackLz4(bytes, limit);
  } catch (error) {
    throw new KernelDescriptionError(`it cannot be unpacked: ${String(error)}`);
  }
}

/** Behind the payload of an image stands its size, at which these programs fail after they have written everything. */
function byProgram(program: string, flags: readonly string[]): Unpack {
  return (bytes, limit) => {
    const run = spawnSync(program, flags, { input: bytes, maxBuffer: limit });
    const code = codeOf(run.error);
    if (code === 'ENOENT')
      throw new KernelDescriptionError(`it is packed with ${program}, which is not installed`);
    if (code === 'ENOBUFS') throw new KernelDescriptionError(tooLarge(limit));
    if (run.error || run.stdout.length === 0)
      throw new KernelDescriptionError(`it cannot be unpacked with ${program}`);
    return run.stdout;
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
