/** What a file holds that is read as a script. */
import { isUtf8 } from 'node:buffer';

/** Bytes that are no text. The message says where, for users. */
export class TextError extends Error {
  override readonly name = 'TextError';
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const BYTE_ORDER_MARK = '\ufeff';
const LINE_FEED = 0x0a;

/**
 * The characters of a script. Some editors begin a file with a mark of its encoding, which is no part of it. Throws a
 * TextError for other encodings, which would change what the script prints, and for NUL, which ends no text of C's.
 */
export function scriptText(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    throw new TextError(
      `line ${lineOf(bytes, nul)} has a NUL character`,
      "A script is a text; '\\0' writes this character in a string.",
    );
  }
  if (!isUtf8(bytes)) {
    throw new TextError(
      `line ${firstLineThatIsNot(bytes)} is not UTF-8`,
      "`iconv -t UTF-8` converts a text; '\\xe9' writes any byte in a string.",
    );
  }
  const text = Buffer.from(bytes).toString('utf8');
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
}

/** From 1, of a byte. */
function lineOf(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && at < offset; line++)
    at = bytes.indexOf(LINE_FEED, at + 1);
  return line;
}

/** A line feed is no part of another character, so that lines can be looked at one by one. */
function firstLineThatIsNot(bytes: Uint8Array): number {
  for (let line = 1, at = 0; ; line++) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (end === -1 || !isUtf8(bytes.subarray(at, end))) return line;
    at = end + 1;
  }
}
