/**
 * What code does to the machine, by what it calls and by stores to its context: loader/src/object/code_effects.c judges the same instructions by
 * the same tables (contract/helpers.ts).
 */
import { contextStore, type PatchedPlace } from './context-stores.ts';
import { CONTEXT_STORE, type CodeEffectName } from './contract/effects.ts';
import { effectOfHelper, helperName, OBSERVING_FUNCTIONS } from './contract/helpers.ts';
import { MISSING_CALL, MISSING_CALLS } from './contract/lookups.ts';
import { type ElfObject, type ElfSymbol, INSN_SIZE, SHF, STT, viewOf } from './elf/elf.ts';

export interface CodeEffect {
  readonly effect: CodeEffectName;
  /** `bpf_send_signal`; of what has no name its number; CONTEXT_STORE. */
  readonly callee: string;
  /** The function that calls, or the section where none is. */
  readonly caller: string;
}

/** BPF_JMP | BPF_CALL, and BPF_LD | BPF_IMM | BPF_DW, which takes two slots (include/uapi/linux/bpf.h). */
const CALL = 0x85;
const LOAD_IMM64 = 0x18;
/** What a call's source register says: a helper, or a function of the object. */
const HELPER = 0;
const LOCAL = 1;

/**
 * Each call that changes something, once for each caller. Of an object that is not linked yet, `isLinked` says which
 * undefined names others define; those of a linked one are functions of the kernel.
 */
export function codeEffects(
  elf: ElfObject,
  isLinked: (name: string) => boolean = () => false,
): readonly CodeEffect[] {
  const found = new Map<string, CodeEffect>();
  elf.sections.forEach((section, index) => {
    if (!(section.flags & SHF.exec)) return;
    const named = new Map<number, string>();
    for (const { offset, symbol } of elf.relocations.get(index) ?? []) {
      const target = elf.symbols[symbol];
      if (target?.section === 0 && target.name !== '') named.set(offset, target.name);
    }
    const view = viewOf(section.data);
    for (let at = 0; at + INSN_SIZE <= view.byteLength; at += INSN_SIZE) {
      const code = view.getUint8(at);
      if (code === LOAD_IMM64) at += INSN_SIZE;
      if (code !== CALL) continue;
      const source = view.getUint8(at + 1) >> 4;
      const name = named.get(at);
      if (name !== undefined && isLinked(name)) continue;
      const judged = judge(name, source, view.getInt32(at + 4, true));
      if (!judged) continue;
      const caller = functionAt(elf, index, at);
      found.set(`${judged.callee}\0${caller}`, { ...judged, caller });
    }
  });
  return [...found.values()];
}

/** The store to a program's context in code that is linked, as the last of what it does; `fixups` as in contextStore. */
export function storeEffects(
  elf: ElfObject,
  fixups: readonly PatchedPlace[] = [],
): readonly CodeEffect[] {
  const store = contextStore(elf, fixups);
  if (!store) return [];
  const caller = functionAt(elf, store.section, store.offset);
  return [{ effect: 'registers', callee: CONTEXT_STORE, caller }];
}

/** The function that holds an instruction, or else the section. */
function functionAt(elf: ElfObject, index: number, at: number): string {
  const holds = ({ type, section, value, size }: ElfSymbol): boolean =>
    type === STT.func && section === index && at >= value && at < value + size;
  return elf.symbols.find(holds)?.name ?? elf.sections[index]?.name ?? '';
}

function judge(
  name: string | undefined,
  source: number,
  number: number,
): Omit<CodeEffect, 'caller'> | undefined {
  if (name !== undefined)
    return OBSERVING_FUNCTIONS.includes(name) ? undefined : { effect: 'kernel', callee: name };
  if (source === LOCAL) return undefined;
  if (source !== HELPER) return { effect: 'kernel', callee: `function ${number} of the kernel` };
  if (number >= MISSING_CALL && number < MISSING_CALL + MISSING_CALLS) return undefined;
  const effect = effectOfHelper(number);
  const known = helperName(number);
  return effect && { effect, callee: known ? `bpf_${known}` : `helper ${number}` };
}
