/** Signatures in objects and beside them. */
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { link } from '../../linker/link.ts';
import {
  detachedSignature,
  keyBytes,
  keyName,
  readSignature,
  SIGNATURE_SIZE,
  signObject,
} from '../../linker/signature.ts';
import { scriptInput } from './fixtures.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const object = link(scriptInput());
const signed = signObject(object, privateKey, undefined);

describe('a key', () => {
  it('has 32 bytes, the same of either half, and a name', () => {
    const bytes = keyBytes(publicKey);
    expect(bytes).toHaveLength(32);
    expect(keyBytes(privateKey)).toEqual(bytes);
    expect(createPublicKey(privateKey).export({ format: 'jwk' }).x).toBe(
      Buffer.from(bytes).toString('base64url'),
    );
    expect(keyName(bytes)).toBe(createHash('sha256').update(bytes).digest('hex').slice(0, 16));
  });

  it('of another kind is refused', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => keyBytes(other.publicKey)).toThrow('it is no ed25519 key');
    expect(() => signObject(object, other.privateKey, undefined)).toThrow(TypeError);
  });
});

describe('a signature', () => {
  it('is there once it was made, and says whose it is', () => {
    expect(readSignature(object)).toBeUndefined();
    expect(readSignature(signed)).toEqual({
      key: keyName(keyBytes(publicKey)),
      publicKey: Buffer.from(keyBytes(publicKey)),
      notAfter: undefined,
      valid: true,
    });
  });

  it('takes the place of one that is there', () => {
    const again = signObject(signed, generateKeyPairSync('ed25519').privateKey, 1234);
    expect(again).toHaveLength(signed.length);
    expect(readSignature(again)).toMatchObject({ notAfter: 1234, valid: true });
    expect(readSignature(again)?.key).not.toBe(readSignature(signed)?.key);
  });

  it('is of every byte of the file', () => {
    const places = Array.from({ length: 40 }, (_, index) =>
      Math.floor((index * object.length) / 40),
    );
    const untold = places.filter((at) => {
      const changed = Buffer.from(signed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      try {
        return readSignature(changed)?.valid === true;
      } catch {
        return false;
      }
    });
    // What depends on the signature is not: the digest of the file.
    expect(untold.length).toBeLessThan(2);
  });

  it('may stand beside the file', () => {
    const beside = detachedSignature(object, privateKey, 99);
    expect(beside).toHaveLength(SIGNATURE_SIZE);
    expect(readSignature(object, beside)).toMatchObject({ notAfter: 99, valid: true });
    const other = Buffer.from(object);
    other.writeUInt8(1, other.length - 1);
    expect(readSignature(other, beside)?.valid).toBe(false);
  });

  it('of another length or version is refused', () => {
    const beside = Buffer.from(detachedSignature(object, privateKey, undefined));
    expect(() => readSignature(object, beside.subarray(1))).toThrow('another length');
    for (const at of [0, 4]) {
      const changed = Buffer.from(beside);
      changed.writeUInt32LE(7, at);
      expect(() => readSignature(object, changed)).toThrow('another version');
    }
  });
});
