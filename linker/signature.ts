/**
 * Signatures of objects: ed25519 over the whole file, in a section of its own or in a file beside it. 112 bytes, all
 * numbers little-endian: u32 version (1), u32 zero, u64 seconds since 1970 after which it does not count (0: never), the
 * public key (32 bytes), the signature (64).
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { DIGEST_SECTION, DIGEST_SIZE, digestOf } from './digest.ts';
import { ElfError, SECTION_HEADER_SIZE, SHT, viewOf } from './elf/elf.ts';
import { readElf, readSectionTable } from './elf/read.ts';

export const SIGNATURE_SECTION = '.bpfscript.sig';
export const SIGNATURE_SIZE = 112;
const VALUE_SIZE = 64;
const HEAD_SIZE = SIGNATURE_SIZE - VALUE_SIZE;
const KEY_AT = 16;
const VERSION = 1;

/** Goes before what is signed, so that a signature of something else is none of an object. */
const CONTEXT = Buffer.from('bpfscript object\n');
/** What stands before the bytes of an ed25519 key in SubjectPublicKeyInfo (RFC 8410). */
const KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export interface Signature {
  /** The first 16 hexadecimal digits of the key's SHA-256. */
  readonly key: string;
  readonly publicKey: Uint8Array;
  /** Seconds since 1970; undefined: it does not expire. */
  readonly notAfter: number | undefined;
  /** Whether it is that key's, of these bytes. */
  readonly valid: boolean;
}

/** The 32 bytes of a public key, or of the one that belongs to a private key. Throws a TypeError for another kind of key. */
export function keyBytes(key: KeyObject): Uint8Array {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('it is no ed25519 key');
  const known = key.type === 'private' ? createPublicKey(key) : key;
  return known.export({ format: 'der', type: 'spki' }).subarray(KEY_PREFIX.length);
}

export function keyName(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** An object with a signature in it, in place of one that it had. Throws an ElfError for what is no object. */
export function signObject(
  object: Uint8Array,
  key: KeyObject,
  notAfter: number | undefined,
): Uint8Array {
  const bytes = placeOf(object, SIGNATURE_SECTION) ? Buffer.from(object) : withSection(object);
  const at = placeOf(bytes, SIGNATURE_SECTION);
  const sum = placeOf(bytes, DIGEST_SECTION);
  if (at?.size !== SIGNATURE_SIZE) throw new ElfError('its signature has another length');
  if (sum?.size !== DIGEST_SIZE) throw new ElfError('it has no digest');
  bytes.set(headOf(key, notAfter), at.offset);
  const head = bytes.subarray(at.offset, at.offset + HEAD_SIZE);
  bytes.set(sign(null, signedBytes(bytes, head), key), at.offset + HEAD_SIZE);
  bytes.set(digestOf(bytes, sum.offset), sum.offset);
  return bytes;
}

/** The signature of an object, for a file of its own. */
export function detachedSignature(
  object: Uint8Array,
  key: KeyObject,
  notAfter: number | undefined,
): Uint8Array {
  const head = headOf(key, notAfter);
  return Buffer.concat([head, sign(null, signedBytes(object, head), key)]);
}

/** The signature in an object, or of `detached`; undefined: there is none. Throws an ElfError for a damaged one. */
export function readSignature(object: Uint8Array, detached?: Uint8Array): Signature | undefined {
  const at = placeOf(object, SIGNATURE_SECTION);
  const bytes = detached ?? (at && object.subarray(at.offset, at.offset + at.size));
  if (!bytes) return undefined;
  if (bytes.length !== SIGNATURE_SIZE) throw new ElfError('its signature has another length');
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== VERSION || view.getUint32(4, true) !== 0)
    throw new ElfError('its signature is of another version');
  const notAfter = Number(view.getBigUint64(8, true));
  const publicKey = bytes.subarray(KEY_AT, HEAD_SIZE);
  const key = createPublicKey({
    key: Buffer.concat([KEY_PREFIX, publicKey]),
    format: 'der',
    type: 'spki',
  });
  const message = signedBytes(object, bytes.subarray(0, HEAD_SIZE));
  return {
    key: keyName(publicKey),
    publicKey,
    notAfter: notAfter === 0 ? undefined : notAfter,
    valid: verify(null, message, key, bytes.subarray(HEAD_SIZE)),
  };
}

function headOf(key: KeyObject, notAfter: number | undefined): Uint8Array {
  const head = Buffer.alloc(HEAD_SIZE);
  head.writeUInt32LE(VERSION, 0);
  head.writeBigUInt64LE(BigInt(notAfter ?? 0), 8);
  head.set(keyBytes(key), KEY_AT);
  return head;
}

/** The file without what depends on the signature: its digest, and the signature's own value. */
function signedBytes(object: Uint8Array, head: Uint8Array): Uint8Array {
  const bytes = Buffer.from(object);
  const sum = placeOf(object, DIGEST_SECTION);
  const own = placeOf(object, SIGNATURE_SECTION);
  if (sum) bytes.fill(0, sum.offset, sum.offset + sum.size);
  if (own) bytes.fill(0, own.offset + HEAD_SIZE, own.offset + own.size);
  return Buffer.concat([CONTEXT, head, bytes]);
}

function placeOf(
  object: Uint8Array,
  name: string,
): { readonly offset: number; readonly size: number } | undefined {
  // It checks what the table of sections says against the file.
  const section = readElf(object).sections.find((one) => one.name === name);
  return (
    section && { offset: section.data.byteOffset - object.byteOffset, size: section.data.length }
  );
}

/** The file with an empty signature behind it, and behind that the tables of names and sections, which know of it. */
function withSection(object: Uint8Array): Buffer {
  const sections = readSectionTable(object);
  const view = viewOf(object);
  const namesIndex = view.getUint16(62, true);
  const names = sections[namesIndex];
  if (!names) throw new ElfError('it has no names of sections');
  const nameAt = names.size;
  const grown = Buffer.concat([
    object.subarray(names.offset, names.offset + names.size),
    Buffer.from(`${SIGNATURE_SECTION}\0`),
  ]);
  const namesOffset = alignedTo8(object.length);
  const signatureOffset = alignedTo8(namesOffset + grown.length);
  const tableOffset = alignedTo8(signatureOffset + SIGNATURE_SIZE);
  const table = Number(view.getBigUint64(40, true));
  const tableSize = sections.length * SECTION_HEADER_SIZE;
  const result = Buffer.alloc(tableOffset + tableSize + SECTION_HEADER_SIZE);
  result.set(object);
  result.set(grown, namesOffset);
  result.set(object.subarray(table, table + tableSize), tableOffset);
  const namesHeader = tableOffset + namesIndex * SECTION_HEADER_SIZE;
  result.writeBigUInt64LE(BigInt(namesOffset), namesHeader + 24);
  result.writeBigUInt64LE(BigInt(grown.length), namesHeader + 32);
  const header = tableOffset + tableSize;
  result.writeUInt32LE(nameAt, header);
  result.writeUInt32LE(SHT.progbits, header + 4);
  result.writeBigUInt64LE(BigInt(signatureOffset), header + 24);
  result.writeBigUInt64LE(BigInt(SIGNATURE_SIZE), header + 32);
  result.writeBigUInt64LE(8n, header + 48);
  result.writeBigUInt64LE(BigInt(tableOffset), 40);
  result.writeUInt16LE(sections.length + 1, 60);
  return result;
}

function alignedTo8(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}
