/**
 * Finds the types that a preprocessed C text defines at file scope. clang writes BTF only of types that
 * something uses, so each of them gets a variable; what clang makes of it is then the truth about it.
 */

export interface Declarations {
  /** The text without macro definitions, and with tags on enums that have none. */
  readonly text: string;
  /** `struct a`, `union b`, `enum c`: tags with a body. */
  readonly tags: readonly string[];
  readonly typedefs: readonly string[];
  /** Object-like macros that are defined at the end, with their replacement. */
  readonly macros: ReadonlyMap<string, string>;
}

/** Begins the tags of enums that have none in the source. */
const ANONYMOUS_ENUM = 'bpfscript_enum_';

export function isAnonymousEnum(name: string): boolean {
  return name.startsWith(ANONYMOUS_ENUM);
}

/** Of clang's output with `-E -dD`. */
export function findDeclarations(preprocessed: string): Declarations {
  const { text, macros } = separateMacros(preprocessed);
  const tags = new Set<string>();
  const typedefs = new Set<string>();
  const insertions: { readonly at: number; readonly text: string }[] = [];

  const tokens = tokenize(text);
  /** What the open braces belong to, outermost first. */
  const braces: ('aggregate' | 'body' | 'other')[] = [];
  let parentheses = 0;
  let statement: Token[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (!token) break;
    if (braces.length === 0) statement.push(token);
    if (token.text === '{') {
      const tag = tagBefore(tokens, index);
      const inside = braces.includes('body') || parentheses > 0;
      if (tag && !inside) {
        if (tag.name !== undefined) tags.add(`${tag.keyword} ${tag.name}`);
        else if (tag.keyword === 'enum') {
          const name = `${ANONYMOUS_ENUM}${insertions.length}`;
          insertions.push({ at: token.at, text: ` ${name} ` });
          tags.add(`enum ${name}`);
        }
      }
      const initialiser = tokens[index - 1]?.text === '=';
      braces.push(tag ? 'aggregate' : initialiser || inside ? 'other' : 'body');
    } else if (token.text === '}') {
      const closed = braces.pop();
      if (closed === 'body' && braces.length === 0) statement = [];
    } else if (braces.length === 0) {
      if (token.text === '(') parentheses += 1;
      else if (token.text === ')') parentheses -= 1;
      else if (token.text === ';' && parentheses <= 0) {
        for (const name of typedefNames(statement)) typedefs.add(name);
        statement = [];
        parentheses = 0;
      }
    }
  }
  return { text: insert(text, insertions), tags: [...tags], typedefs: [...typedefs], macros };
}

/** Takes `#define` and `#undef` out of the text, line by line; line markers and pragmas stay. */
function separateMacros(preprocessed: string): {
  readonly text: string;
  readonly macros: ReadonlyMap<string, string>;
} {
  const macros = new Map<string, string>();
  let builtIn = false;
  const lines = preprocessed.split('\n').map((line) => {
    const marker = /^# \d+ "([^"]*)"/.exec(line);
    if (marker) {
      builtIn = marker[1] === '<built-in>';
      return line;
    }
    const directive = /^#(define|undef) ([A-Za-z_]\w*)(\(?)[ ]?(.*)$/.exec(line);
    if (!directive) return line;
    const [, kind, name = '', parameters, replacement = ''] = directive;
    macros.delete(name);
    if (kind === 'define' && parameters === '' && !builtIn) macros.set(name, replacement.trim());
    return '';
  });
  return { text: lines.join('\n'), macros };
}

interface Token {
  readonly text: string;
  readonly at: number;
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = /^#.*$|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|\d[\w.]*|[^\s\w"']/gm;
  for (const match of text.matchAll(pattern)) {
    if (!match[0].startsWith('#')) tokens.push({ text: match[0], at: match.index });
  }
  return tokens;
}

/** The tag of the aggregate that a brace opens: `struct __attribute__((packed)) name {`. */
function tagBefore(
  tokens: readonly Token[],
  brace: number,
): { readonly keyword: string; readonly name: string | undefined } | undefined {
  let name: string | undefined;
  for (let index = brace - 1; index >= 0; index -= 1) {
    const text = tokens[index]?.text ?? '';
    if (text === 'struct' || text === 'union' || text === 'enum') return { keyword: text, name };
    if (text === ')') {
      const open = openingOf(tokens, index);
      if (!/^__attribute(?:__)?$/.test(tokens[open - 1]?.text ?? '')) return undefined;
      index = open - 1;
    } else if (/^[A-Za-z_]/.test(text) && name === undefined) {
      name = text;
    } else {
      return undefined;
    }
  }
  return undefined;
}

/** Index of the parenthesis that the one at `close` closes. */
function openingOf(tokens: readonly Token[], close: number): number {
  let depth = 0;
  for (let index = close; index >= 0; index -= 1) {
    const text = tokens[index]?.text;
    if (text === ')') depth += 1;
    else if (text === '(') depth -= 1;
    if (depth === 0) return index;
  }
  return 0;
}

/** Names that `typedef ...;` declares; none for other statements. Bodies of aggregates are left out already. */
function typedefNames(statement: readonly Token[]): readonly string[] {
  const words = statement.map((token) => token.text).filter((word) => word !== '__extension__');
  if (words[0] !== 'typedef') return [];
  return split(withoutGroups(words.slice(1, -1))).flatMap((declarator) => {
    const pointer = declarator.findIndex(
      (word, index) => word === '(' && declarator[index + 1] === '*',
    );
    const isName = (word: string) => /^[A-Za-z_]/.test(word);
    if (pointer !== -1) {
      const name = declarator.slice(pointer).find(isName);
      return name === undefined ? [] : [name];
    }
    const end = declarator.findIndex((word) => word === '(' || word === '[');
    const name = declarator.slice(0, end === -1 ? undefined : end).findLast(isName);
    return name === undefined ? [] : [name];
  });
}

/** Without attributes and `typeof`, whose parentheses are no part of a declarator, and without braces. */
function withoutGroups(words: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '{' || word === '}') continue;
    if (!/^(?:__attribute(?:__)?|(?:__)?typeof(?:__)?|_Alignas|__asm__)$/.test(word)) {
      kept.push(word);
      continue;
    }
    let depth = 0;
    do {
      index += 1;
      if (words[index] === '(') depth += 1;
      else if (words[index] === ')') depth -= 1;
    } while (depth > 0 && index < words.length);
  }
  return kept;
}

function split(words: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === '(' || word === '[') depth += 1;
    else if (word === ')' || word === ']') depth -= 1;
    if (word === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts;
}

function insert(
  text: string,
  insertions: readonly { readonly at: number; readonly text: string }[],
): string {
  let result = '';
  let from = 0;
  for (const { at, text: inserted } of insertions) {
    result += text.slice(from, at) + inserted;
    from = at;
  }
  return result + text.slice(from);
}
