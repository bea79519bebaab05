/** Scanners for what no regular expression describes: raw attach points and C definitions. */

/** End of the quoted text that begins at `start`, past its closing quote; stops before a line feed. */
function quotedEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\n') return at;
    if (character === '"') return at + 1;
    if (character === '\\' && text[at + 1] !== '\n') at += 1;
  }
  return text.length;
}

/**
 * End of the raw attach point at `start`: before `{`, `,`, white space, or a `/` while no `:` was seen, all
 * outside quotes and unescaped. So the slash of `uprobe:/bin/sh:f` is data and that of `BEGIN/1/` is not.
 */
export function attachPointEnd(text: string, start: number): number {
  let colon = false;
  let at = start;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') {
      at = quotedEnd(text, at);
      continue;
    }
    if (/[\s{,]/.test(character) || (character === '/' && !colon)) return at;
    if (character === ':') colon = true;
    at += character === '\\' && at + 1 < text.length ? 2 : 1;
  }
  return at;
}

const HEAD = /(?:struct|union|enum)(?![A-Za-z0-9_])/y;
const LAYOUT = /(?:[ \t\r\n\v\f]+|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const ATTRIBUTE = /__attribute__(?![A-Za-z0-9_])/y;

function skip(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match ? at + match[0].length : undefined;
}

function skipLayout(text: string, at: number): number {
  return skip(LAYOUT, text, at) ?? at;
}

/**
 * End of the C definition at `start` (`struct|union|enum [attributes] name { ... } [attributes] [;]`), or
 * undefined where none begins or its braces do not balance.
 */
export function definitionEnd(text: string, start: number): number | undefined {
  let at = skip(HEAD, text, start);
  if (at === undefined) return undefined;
  at = skipAttributes(text, at);
  at = skip(NAME, text, at) ?? at;
  at = skipAttributes(text, at);
  if (text[at] !== '{') return undefined;
  const close = balancedEnd(text, at, '{', '}');
  if (close === undefined) return undefined;
  const afterAttributes = skipAttributes(text, close);
  if (text[afterAttributes] === ';') return afterAttributes + 1;
  // Layout after the definition is not its own.
  return /__attribute__/.test(text.slice(close, afterAttributes))
    ? close + text.slice(close, afterAttributes).trimEnd().length
    : close;
}

/** In characters. Without a limit, a text of unclosed attributes would be read to its end from each of them. */
const LONGEST_ATTRIBUTE = 1000;

/** Past layout and any number of `__attribute__((...))`. */
function skipAttributes(text: string, start: number): number {
  let at = skipLayout(text, start);
  for (;;) {
    const word = skip(ATTRIBUTE, text, at);
    if (word === undefined) return at;
    const open = skipLayout(text, word);
    const limit = open + LONGEST_ATTRIBUTE;
    const close = text[open] === '(' ? balancedEnd(text, open, '(', ')', limit) : undefined;
    if (close === undefined) return at;
    at = skipLayout(text, close);
  }
}

/** Past the bracket that closes the one at `start`; comments and quoted text hide brackets. */
function balancedEnd(
  text: string,
  start: number,
  open: string,
  close: string,
  limit = text.length,
): number | undefined {
  let depth = 0;
  let at = start;
  while (at < Math.min(limit, text.length)) {
    const afterLayout = skipLayout(text, at);
    if (afterLayout > at) {
      at = afterLayout;
      continue;
    }
    const character = text.charAt(at);
    if (character === '"') {
      at = quotedEnd(text, at);
      continue;
    }
    if (character === open) depth += 1;
    if (character === close) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return undefined;
}
