/**
 * The file of a kernel description: a magic number, the length of a header, the header as JSON, then sections, each
 * compressed by itself, so that what a script does not need is not unpacked.
 *
 * What every script needs is in deflate, which is unpacked three times as fast as brotli and a fifth larger. Modules and
 * their index, of which a script needs a block or none, are in brotli.
 */
import { createHash } from 'node:crypto';
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
} from 'node:zlib';
import { KernelDescriptionError } from './error.ts';

/**
 * Only `btf` is in each description. Compilers that do not know a section leave it alone, so that one more needs no
 * new version of the format.
 */
export type SectionName =
  | 'btf'
  | 'tracepoints'
  | 'functions'
  | 'syscalls'
  | 'config'
  | 'symbols'
  | 'kfuncs'
  | 'modules'
  | 'module-names'
  | `module-names/${number}`
  | `modules/${number}`;

/** Unpacked: what claims to be larger is no description, and is not unpacked to find out. */
const LARGEST_SECTION = 2 ** 27;

export interface KernelFile {
  readonly release: string;
  readonly arch: string;
  /** The section unpacked; undefined if the file has none. Throws KernelDescriptionError if it is damaged. */
  section(name: SectionName): Buffer | undefined;
}

interface SectionHeader {
  readonly name: string;
  /** From the end of the header. */
  readonly offset: number;
  readonly size: number;
  readonly unpacked: number;
  /** Of the compressed bytes. */
  readonly sha256: string;
  /** Brotli without it. */
  readonly packing?: Packing;
}

type Packing = 'deflate';

interface Header {
  readonly version: number;
  readonly release: string;
  readonly arch: string;
  readonly sections: readonly SectionHeader[];
}

/** What each begins with, whatever it is called. */
export const KERNEL_MAGIC = 'BPFSCRIPT KERNEL\n';
const MAGIC = Buffer.from(KERNEL_MAGIC);
const VERSION = 1;

/** Of brotli: the hardest takes ten times as long for 12 % fewer bytes. */
const QUALITY = 5;

function pack(
  name: string,
  bytes: Uint8Array,
): { readonly data: Buffer; readonly packing?: Packing } {
  if (!name.startsWith('module'))
    return {
      data: deflateRawSync(bytes, { level: constants.Z_BEST_COMPRESSION }),
      packing: 'deflate',
    };
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return { data: brotliCompressSync(bytes, { params }) };
}

/** The same contents give the same bytes. */
export function encodeKernelFile(
  identity: { readonly release: string; readonly arch: string },
  contents: Readonly<Partial<Record<SectionName, Uint8Array>>>,
  onPacked?: (section: string) => void,
): Buffer {
  let offset = 0;
  const packed = Object.entries(contents).flatMap(([name, bytes]) => {
    if (bytes === undefined) return [];
    const { data, ...packing } = pack(name, bytes);
    const section: SectionHeader = {
      name,
      offset,
      size: data.length,
      unpacked: bytes.length,
      sha256: digest(data),
      ...packing,
    };
    offset += data.length;
    onPacked?.(name);
    return [{ section, data }];
  });
  const { release, arch } = identity;
  const sections = packed.map(({ section }) => section);
  const header = Buffer.from(JSON.stringify({ version: VERSION, release, arch, sections }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([MAGIC, length, header, ...packed.map(({ data }) => data)]);
}

/** Where the bytes of a file are read from: those of modules are 16 MB, of which a script needs a part. */
export interface KernelBytes {
  readonly length: number;
  /** At most so many bytes from there on: fewer where the file ends. */
  read(from: number, length: number): Buffer;
}

/** Reads the header only. Throws KernelDescriptionError. */
export function decodeKernelFile(bytes: Buffer): KernelFile {
  return readKernelFile({
    length: bytes.length,
    read: (from, length) => bytes.subarray(from, from + length),
  });
}

/** The same of a file that is read as far as somebody asks. */
export function readKernelFile(bytes: KernelBytes): KernelFile {
  const start = MAGIC.length + 4;
  const head = bytes.read(0, start);
  if (!head.subarray(0, MAGIC.length).equals(MAGIC))
    throw new KernelDescriptionError('it is not a kernel description');
  if (head.length < start) throw cutOff();
  const body = start + head.readUInt32LE(MAGIC.length);
  if (body > bytes.length) throw cutOff();
  const header = parseHeader(bytes.read(start, body - start).toString('utf8'));
  return {
    release: header.release,
    arch: header.arch,
    section(name) {
      const section = header.sections.find((candidate) => candidate.name === name);
      return section && unpack(bytes.read(body + section.offset, section.size), section);
    },
  };
}

function unpack(data: Buffer, section: SectionHeader): Buffer {
  if (data.length !== section.size) throw cutOff();
  if (section.unpacked > LARGEST_SECTION)
    throw new KernelDescriptionError(`it is damaged (section ${section.name} is too large)`);
  if (digest(data) !== section.sha256)
    throw new KernelDescriptionError(`it is damaged (section ${section.name})`);
  try {
    const unpackAll = section.packing === 'deflate' ? inflateRawSync : brotliDecompressSync;
    const unpacked = unpackAll(data, {
      maxOutputLength: Math.max(1, section.unpacked),
      // All at once: pieces would be copied into one whole, and collected.
      chunkSize: Math.max(64, section.unpacked),
    });
    if (unpacked.length === section.unpacked) return unpacked;
  } catch (error) {
    throw new KernelDescriptionError(`it is damaged (section ${section.name}): ${String(error)}`);
  }
  throw new KernelDescriptionError(`it is damaged (section ${section.name})`);
}

function parseHeader(text: string): Header {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new KernelDescriptionError('its header is damaged');
  }
  if (isRecord(header) && typeof header.version === 'number' && header.version !== VERSION)
    throw new KernelDescriptionError(
      `it has version ${header.version} of the format, and this compiler reads ${VERSION}`,
    );
  if (!isHeader(header)) throw new KernelDescriptionError('its header is damaged');
  return header;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isHeader(value: unknown): value is Header {
  return (
    isRecord(value) &&
    typeof value.release === 'string' &&
    typeof value.arch === 'string' &&
    Array.isArray(value.sections) &&
    value.sections.every(isSectionHeader)
  );
}

function isSectionHeader(value: unknown): value is SectionHeader {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && Number(size) >= 0;
  return (
    isRecord(value) &&
    typeof value.name === 'string' &&
    typeof value.sha256 === 'string' &&
    isSize(value.offset) &&
    isSize(value.size) &&
    isSize(value.unpacked) &&
    (value.packing === undefined || value.packing === 'deflate')
  );
}

function cutOff(): KernelDescriptionError {
  return new KernelDescriptionError('it is cut off');
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
