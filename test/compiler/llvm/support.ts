/** One-program modules, and what came out of the back end. */
import { emit } from '../../../compiler/llvm/backend.ts';
import type { FunctionBuilder, IrPointer } from '../../../compiler/llvm/ir.ts';
import { createModule, type IrModule } from '../../../compiler/llvm/module.ts';
import { INSN_SIZE, viewOf } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';

export const SECTION = 'tracepoint/a/b';
export const SITES = '.bpfscript.sites';

export function moduleOf(
  body: (ir: FunctionBuilder, context: IrPointer, module: IrModule) => void,
): IrModule {
  const module = createModule('scripts/test.bt');
  module.program('p', SECTION, (ir, context) => body(ir, context, module));
  return module;
}

export function objectOf(module: IrModule) {
  return readElf(emit(module, 'object'));
}

/** Instructions of program `p` as assembly. */
export function codeOf(module: IrModule): readonly string[] {
  const lines = Buffer.from(emit(module, 'assembly')).toString().split('\n');
  const start = lines.indexOf('p:');
  const end = lines.findIndex((line, index) => index > start && line.startsWith('.Lfunc_end'));
  return lines
    .slice(start, end)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('.') && !line.endsWith(':'));
}

/** Records of the site table: number, and the instruction that it is about. */
export function sitesOf(module: IrModule) {
  const elf = objectOf(module);
  const table = elf.sections.findIndex((section) => section.name === SITES);
  const records = elf.sections[table]?.data ?? new Uint8Array();
  return (elf.relocations.get(table) ?? []).map((relocation) => {
    const symbol = elf.symbols[relocation.symbol];
    const code = elf.sections[symbol?.section ?? -1];
    if (!symbol || !code) throw new Error('a site is in no code');
    const at = symbol.value + viewOf(records).getUint32(relocation.offset, true);
    const instruction = viewOf(code.data.slice(at, at + INSN_SIZE));
    return {
      section: code.name,
      at,
      site: viewOf(records).getUint32(relocation.offset + 4, true),
      opcode: instruction.getUint8(0),
      offset: instruction.getInt16(2, true),
      immediate: instruction.getInt32(4, true),
    };
  });
}
