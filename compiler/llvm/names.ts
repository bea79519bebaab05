/** Symbols, places and parameters as LLVM text has them. */
import type { CallbackParameter } from './module.ts';
import { REGISTER } from './operands.ts';

/** Metadata of the module itself has lower numbers. */
const FIRST_PLACE = 1_000_000;
const PLAIN = /^[a-zA-Z$._-][-\w$.]*$/;

/** Metadata of the place with this index. */
export function placeText(index: number): string {
  return `!${FIRST_PLACE + index}`;
}

/** The index of the place that metadata with this number is. */
export function placeIndex(metadata: number): number {
  return metadata - FIRST_PLACE;
}

/** The register of a parameter. */
export function parameterText(kind: CallbackParameter, index: number): string {
  return `%${kind === 'ptr' ? REGISTER.pointer : REGISTER.value}.${index}`;
}

/** A symbol as LLVM reads it. */
export function nameText(symbol: string): string {
  return PLAIN.test(symbol) ? `@${symbol}` : `@${quote(Buffer.from(symbol))}`;
}

/** The symbol of a name with quotes, or without. */
export function nameOf(quoted: string | undefined, plain: string | undefined): string {
  return quoted === undefined ? (plain ?? '') : unquote(quoted);
}

/** A quoted string as LLVM reads it: other than plain ASCII as \XX. */
export function quote(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}"`;
}

function unquote(text: string): string {
  const bytes = text.replace(/\\(\\|[0-9A-Fa-f]{2})/g, (_escape, code: string) =>
    code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}
