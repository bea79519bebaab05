/**
 * Key files: PEM, as Node and openssl read it, of ed25519; those for cosign may be of P-256, too. A public key may have a line `not-after: TIME` before it, after
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

type Kind = 'ed25519' | 'P-256';
const OWN: readonly Kind[] = ['ed25519'];
export const OF_COSIGN: readonly Kind[] = ['ed25519', 'P-256'];

export function readPrivateKey(file: string, kinds = OWN): KeyObject {
  return keyOf(file, kinds, () => createPrivateKey(Buffer.from(readInput(file))));
}

export function readPublicKey(file: string, kinds = OWN): PublicKey {
  const text = Buffer.from(readInput(file)).toString();
  const line = /^not-after:(.*)$/m.exec(text)?.[1];
  return {
    key: keyOf(file, kinds, () => createPublicKey(text)),
    notAfter: line === undefined ? undefined : parseTime(line.trim(), file),
  };
}

function keyOf(file: string, kinds: readonly Kind[], read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new UserError(`${file} is no key: ${reasonOf(error)}`, { status: EXIT.usage });
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const kind = curve === 'prime256v1' ? 'P-256' : (curve ?? key.asymmetricKeyType);
  if (kinds.some((known) => known === kind)) return key;
  throw new UserError(`${file} is a key of ${kind}, and not of ${kinds.join(' or ')}`, {
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
