/** Functions of a program and their parameters, by the debug information. */
import { AT, C_LANGUAGES, TAG } from './constants.ts';
import type { Entries, Entry } from './entries.ts';
import { covers } from './ranges.ts';
import { typeEntry } from './types.ts';

export interface FunctionEntry {
  /** Concrete: it has an address. What it leaves to its abstract origin or declaration is found there. */
  readonly entry: Entry;
  readonly root: Entry;
}

/** The function that begins at an address. */
export function functionAt(entries: Entries, address: number): FunctionEntry | undefined {
  for (const unit of entries.units) {
    const root = entries.root(unit);
    if (root?.tag !== TAG.compileUnit || covers(entries, root, address) === false) continue;
    for (const entry of entries.children(root))
      if (entry.tag === TAG.subprogram && entries.address(entry, AT.lowPc) === address)
        return { entry, root };
  }
  return undefined;
}

/** Whether a unit is compiled from C; one that does not say is taken for it. */
export function isC(entries: Entries, root: Entry): boolean {
  const language = entries.number(root, AT.language);
  return language === undefined || C_LANGUAGES.has(language);
}

/** Whether other files may call it. */
export function isExternal(entries: Entries, { entry }: FunctionEntry): boolean {
  return (
    entry.attributes.has(AT.external) || !!originOf(entries, entry)?.attributes.has(AT.external)
  );
}

export interface ParameterEntry {
  readonly name: string;
  readonly type: Entry | undefined;
  /** The entry that has DW_AT_type, for `typeOf`. */
  readonly typed: Entry;
  /** The compiler has kept its value somewhere at some time. */
  readonly exists: boolean;
}

export function parametersOf(
  entries: Entries,
  { entry }: FunctionEntry,
): readonly ParameterEntry[] {
  const own = parametersIn(entries, entry);
  // A definition may leave its parameters to its declaration, and a copy to its origin.
  const origin = originOf(entries, entry);
  const list = own.length > 0 || !origin ? own : parametersIn(entries, origin);
  return list.map((parameter, index) => {
    const typed = parameter.attributes.has(AT.type)
      ? parameter
      : (originOf(entries, parameter) ?? parameter);
    return {
      name: entries.text(typed, AT.name) ?? entries.text(parameter, AT.name) ?? `arg${index}`,
      type: typeEntry(entries, typed),
      typed,
      exists: parameter.attributes.has(AT.location),
    };
  });
}

/** The type of what a function returns; undefined for void. */
export function resultOf(entries: Entries, { entry }: FunctionEntry): Entry | undefined {
  const typed = entry.attributes.has(AT.type) ? entry : originOf(entries, entry);
  return typed && typeEntry(entries, typed);
}

function parametersIn(entries: Entries, entry: Entry): readonly Entry[] {
  return [...entries.children(entry)].filter(({ tag }) => tag === TAG.formalParameter);
}

function originOf(entries: Entries, entry: Entry): Entry | undefined {
  const offset =
    entries.reference(entry, AT.abstractOrigin) ?? entries.reference(entry, AT.specification);
  return offset === undefined ? undefined : entries.at(offset);
}
