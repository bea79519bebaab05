/**
 * Events of system calls by way of one raw tracepoint: which event it is stands in a table by system call number
 * that the loader fills from what the script's pattern matches on the host.
 */

import { bytes } from '../../linker/btf/types.ts';
import { NAME_PREFIXES } from '../../linker/contract/names.ts';
import { KernelDescriptionError } from '../kernel/error.ts';
import type { Member } from '../kernel/types.ts';
import { ownTypes } from '../kernel/types.ts';
import type { IrBool, IrValue } from '../llvm/ir.ts';
import type { StructType } from '../types/type.ts';
import { namedNumber, namedPlace } from './existence.ts';
import { readRemote } from './members.ts';
import type { FunctionState, ObjectVariable } from './state.ts';

/** System calls that the table has room for: the kernel's numbers end below 500. */
const SYSCALLS = 1024;

/** How an architecture says which system call runs, and whether it is one of 32 bits. */
interface SystemCallState {
  /** Of struct pt_regs. */
  readonly number: string;
  readonly width: 4 | 8;
  readonly signed: boolean;
  /** Of struct thread_info, with the bit that marks 32-bit system calls. */
  readonly flags: string;
  readonly flagsWidth: 4 | 8;
  readonly compat: number;
}

const STATES: Readonly<Record<string, SystemCallState>> = {
  // TS_COMPAT, arch/x86/include/asm/thread_info.h
  x86_64: { number: 'orig_ax', width: 8, signed: false, flags: 'status', flagsWidth: 4, compat: 2 },
  // _TIF_32BIT, arch/arm64/include/asm/thread_info.h
  aarch64: {
    number: 'syscallno',
    width: 4,
    signed: true,
    flags: 'flags',
    flagsWidth: 8,
    compat: 1 << 22,
  },
};

/** The table of a probe, by its symbol: u16[1024] in `.rodata`. */
export function syscallTable(symbol: string): ObjectVariable {
  return {
    symbol: `${NAME_PREFIXES.syscalls}${symbol}`,
    section: '.rodata',
    type: bytes(2 * SYSCALLS),
  };
}

/** Index of the event's name, as the attach cookie of a wildcard is. */
export function lowerSyscallName(fn: FunctionState): IrValue {
  const { ir } = fn;
  return ir.op('sub', lowerEntry(fn), ir.constant(1));
}

/** Leaves at once for system calls that the pattern does not match. */
export function filterSyscall(fn: FunctionState): void {
  const { ir } = fn;
  const { defaultReturn } = fn.program.probe.target;
  ir.if_(ir.compare('eq', lowerEntry(fn), ir.constant(0)), () =>
    ir.return_(ir.constant(defaultReturn)),
  );
}

/** 1 + index of the event's name; 0 where there is none. */
function lowerEntry(fn: FunctionState): IrValue {
  const { ir, unit } = fn;
  const table = syscallTable(fn.program.probe.symbol);
  unit.variable(table);
  const number = lowerNumber(fn);
  const entry = (): IrValue => {
    const index = ir.opaque(number);
    return ir.ifValue(
      // -1, for no system call, and the x32 ABI's numbers are beyond the table too.
      ir.compare('ult', index, ir.constant(SYSCALLS)),
      () =>
        ir.load(
          ir.offset(ir.global(table.symbol), ir.op('shl', index, ir.constant(1))),
          0,
          2,
          false,
        ),
      () => ir.constant(0),
    );
  };
  return ir.ifValue(lowerIsCompat(fn), () => ir.constant(0), entry);
}

/** The arguments of sys_enter are (struct pt_regs *regs, long id), those of sys_exit (regs, long ret). */
function lowerNumber(fn: FunctionState): IrValue {
  const { ir } = fn;
  if (fn.program.probe.target.syscalls === 'enter') return ir.load(fn.context, 8, 8);
  const regs = ir.load(fn.context, 0, 8);
  const { number, width } = stateOf(fn);
  const { struct, member } = memberOf(fn, 'pt_regs', number);
  return byArchitecture(
    fn,
    () => directLoad(fn, ir.intToPointer(regs), struct, [member], width),
    (other) => readNamed(fn, regs, 'pt_regs', [other.number], numberOf(other)),
  );
}

/**
 * 32-bit system calls have numbers of their own; the events of sys_enter_* do not see them either
 * (kernel/trace/trace_syscalls.c, trace_get_syscall_nr).
 */
function lowerIsCompat(fn: FunctionState): IrBool {
  const { ir, lowering } = fn;
  const task = lowering.callPointer('get_current_task_btf');
  const info = memberOf(fn, 'task_struct', 'thread_info');
  const { flags, flagsWidth, compat } = stateOf(fn);
  const { member } = memberOf(fn, 'thread_info', flags);
  const marked = (value: IrValue, bit: number) => ir.op('and', value, ir.constant(bit));
  return ir.toBool(
    byArchitecture(
      fn,
      () => marked(directLoad(fn, task, info.struct, [info.member, member], flagsWidth), compat),
      (other) => {
        const path = ['thread_info', other.flags];
        const from = ir.pointerToInt(task);
        return marked(
          readNamed(fn, from, 'task_struct', path, {
            ...{ kind: 'int', size: other.flagsWidth, signed: false },
          }),
          other.compat,
        );
      },
    ),
  );
}

/**
 * What the architecture has that the script was built for, or where the host is of the other one, what that has. The
 * verifier leaves out what is not taken.
 */
function byArchitecture(
  fn: FunctionState,
  own: () => IrValue,
  elsewhere: (state: SystemCallState) => IrValue,
): IrValue {
  const { ir } = fn;
  const state = stateOf(fn);
  const other = Object.values(STATES).find((each) => each !== state);
  if (!other) return own();
  const isOwn = namedNumber(fn, {
    ...{ relocation: 'exists', root: { kind: 'struct', name: 'pt_regs' } },
    ...{ path: [state.number], leaf: numberOf(state), value: 1 },
  });
  return ir.ifValue(ir.toBool(isOwn), own, () => elsewhere(other));
}

interface NumberType {
  readonly kind: 'int';
  readonly size: 4 | 8;
  readonly signed: boolean;
}

function numberOf({ width, signed }: SystemCallState): NumberType {
  return { kind: 'int', size: width, signed };
}

/** A number that the kernel description may lack. */
function readNamed(
  fn: FunctionState,
  from: IrValue,
  struct: string,
  path: readonly string[],
  leaf: NumberType,
): IrValue {
  const offset = namedNumber(fn, {
    ...{ relocation: 'byte-offset', root: { kind: 'struct', name: struct } },
    ...{ path, leaf, value: namedPlace(path, leaf) },
  });
  return readRemote(fn, fn.ir.op('add', from, offset), 'kernel', leaf.size, leaf.signed);
}

function stateOf({ unit }: FunctionState): SystemCallState {
  const state = STATES[unit.kernel.arch];
  if (!state) throw new KernelDescriptionError(`system calls of ${unit.kernel.arch} are not known`);
  return state;
}

function memberOf(
  fn: FunctionState,
  structName: string,
  memberName: string,
): { readonly struct: StructType; readonly member: Member } {
  const types = ownTypes(fn.unit.kernel);
  const struct = types.struct('struct', structName);
  const member = struct && types.member(struct, memberName);
  if (!struct || !member)
    throw new KernelDescriptionError(
      `the kernel description has no ${structName}::${memberName}, which patterns of system calls are told by`,
    );
  return { struct, member };
}

/** One load at a CO-RE offset from a pointer that the verifier knows the type of. */
function directLoad(
  fn: FunctionState,
  pointer: Parameters<FunctionState['ir']['load']>[0],
  struct: StructType,
  path: readonly Member[],
  width: 4 | 8,
): IrValue {
  const offset = path.reduce((sum, member) => sum + member.bitOffset / 8, 0);
  const site = fn.unit.sites.number({
    kind: 'core',
    relocation: 'byte-offset',
    struct: struct.id,
    indexes: path.flatMap((member) => member.indexes),
    value: offset,
  });
  return fn.ir.siteLoad(site, pointer, offset, width, false);
}
