/**
 * The preamble as C. Each item stands in a file of its own name (`#line`), so that what clang says of it leads
 * back to the item, whichever source file that came from.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type * as ast from '../syntax/ast.ts';
import { readLine } from './directives.ts';

const ITEM_FILE = /^bpfscript-item-(\d+)$/;
/** The pseudo file of what the compiler adds. */
export const OWN_FILE = 'bpfscript-own';
/** Marks the warning that stands for a header that is not there. */
export const MISSING_HEADER = 'bpfscript: missing header';

export function sourceOf(items: readonly ast.CItem[]): string {
  return items
    .map((item, index) => `#line 1 "bpfscript-item-${index}"\n${textOf(item)}\n`)
    .join('');
}

/** Number of the item that a file name of clang's stands for. */
export function itemOfFile(file: string): number | undefined {
  const number = ITEM_FILE.exec(file)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** `#include "own.h"` => the same with the whole path, where the folder of its script has it. */
export function withOwnHeader(item: ast.CItem, folder: string): ast.CItem {
  if (item.kind !== 'c-line') return item;
  const { directive, rest } = readLine(item.text);
  const name = directive === 'include' ? /^"([^"]+)"$/.exec(rest)?.[1] : undefined;
  if (name === undefined || isAbsolute(name) || !existsSync(join(folder, name))) return item;
  return { ...item, text: `#include "${join(folder, name)}"` };
}

/** `#include <x.h>>` => the same without what stands behind the name, and that. */
export function withoutTrailing(item: ast.CItem): {
  readonly item: ast.CItem;
  readonly trailing: string | undefined;
} {
  if (item.kind !== 'c-line') return { item, trailing: undefined };
  const { directive, rest } = readLine(item.text);
  const parts = directive === 'include' ? /^(<[^>]+>|"[^"]+")\s*(\S.*)$/.exec(rest) : null;
  if (!parts) return { item, trailing: undefined };
  return { item: { ...item, text: `#include ${parts[1]}` }, trailing: parts[2] };
}

function textOf(item: ast.CItem): string {
  // The semicolon is optional in scripts, and a second one harmless.
  if (item.kind === 'c-definition') return `${item.text}\n;`;
  const { directive, rest } = readLine(item.text);
  if (directive !== 'include') return item.text;
  return `#if __has_include(${rest})\n#line 1\n${item.text}\n#else\n#line 1\n#warning ${MISSING_HEADER}\n#endif`;
}
