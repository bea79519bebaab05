/**
 * Key files: PEM, as Node and openssl read it, of ed25519. A public key may have a line `not-after: TIME` before it, after
 * which what it signed does not count.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { reasonOf, UserError } from './errors.ts';
import { readInput } from './input.ts';
import { EXIT } from './status.ts';

/** The option of commands that make what expires. */
export const NOT_AFTER = '--not-after <time>';

export interface PublicKey {
  readonly key: KeyObject;
  /** Seconds since 1970. */
  readonly notAfter: number | undefined;
}

export function readPrivateKey(file: string): KeyObject {
  return ed25519(file, () => createPrivateKey(Buffer.from(readInput(file))));
}

export function readPublicKey(file: string): PublicKey {
  const text = Buffer.from(readInput(file)).toString();
  const line = /^not-after:(.*)$/m.exec(text)?.[1];
  return {
    key: ed25519(file, () => createPublicKey(text)),
    notAfter: line === undefined ? undefined : parseTime(line.trim(), file),
  };
}

function ed25519(file: string, read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new UserError(`${file} is no key: ${reasonOf(error)}`, { status: EXIT.usage });
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new UserError(`${file} is a key of ${key.asymmetricKeyType}, and not of ed25519`, {
    status: EXIT.usage,
  });
}

/** `2027-12-31`, all of that day, or `2027-12-31T12:00:00Z`: seconds since 1970. */
export function parseTime(text: string, where: string): number {
  const whole = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59Z` : text;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(whole) ? Date.parse(whole) : Number.NaN;
  if (Number.isNaN(time) || time <= 0)
    throw new UserError(`${where}: '${text}' is no time: 2027-12-31, or 2027-12-31T12:00:00Z`, {
      status: EXIT.usage,
    });
  return time / 1000;
}

export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}
