/**
 * Instructions that are more than an operation of two numbers: volatile and atomic access, inline assembly. What the loader
 * changes is a small function each, always inlined, whose name says in the module's text what it is (text.ts).
 */
import type { Shift, Width } from './ir.ts';
import { typeOf } from './operands.ts';

type Kind = 'i64' | 'ptr';

export interface Primitive {
  /** Begins with `bpfscript.`, which no symbol of a script can. */
  readonly name: string;
  readonly result: Kind | 'void';
  readonly parameters: readonly Kind[];
  /** Attributes beside `alwaysinline nounwind`. */
  readonly attributes: string;
  /** Parameters are %0, %1 and so on; there is one block. */
  readonly body: readonly string[];
}

const bits = (width: Width): number => width * 8;
const PURE = 'readnone nounwind willreturn';

/**
 * A load from memory that holds the same for as long as a program runs, but not what LLVM sees there: `.rodata`
 * that the loader fills. Equal loads merge, and stay when helpers are called between them.
 */
export function fixedLoad(width: Width, offset: number, pointer: string): string {
  return `call i64 asm "$0 = *(u${bits(width)} *)($1 + ${offset})", "=r,r"(ptr ${pointer}) ${PURE}`;
}

export function volatileLoad(width: Width, pointer: string): string {
  return `load volatile ${typeOf(width)}, ptr ${pointer}`;
}

export function volatileStore(width: Width, value: string, pointer: string): string {
  return `store volatile ${typeOf(width)} ${value}, ptr ${pointer}`;
}

/** The result must not be used, so that the back end selects `lock add` instead of a fetching add. */
export function atomicAdd(width: 4 | 8, value: string, pointer: string): string {
  return `atomicrmw add ptr ${pointer}, ${typeOf(width)} ${value} monotonic`;
}

export function atomicExchange(value: string, pointer: string): string {
  return `atomicrmw xchg ptr ${pointer}, i64 ${value} seq_cst`;
}

/** The value itself, about which the optimiser knows nothing any more. Costs no instruction. */
export function opaque(value: string): string {
  return `call i64 asm "", "=r,0"(i64 ${value}) ${PURE}`;
}

/**
 * The value itself, behind a remark in the assembly that no other has: calls that end different branches are not merged
 * into one (LLVM's BranchFolding, for which the BPF back end knows no `nomerge`). Costs no instruction.
 */
export function apart(number: number, value: string): string {
  return `call i64 asm sideeffect "# ${number}", "=r,0"(i64 ${value}) nounwind`;
}

/** A helper without arguments that gives the same whenever one run of a program calls it: calls merge. */
export function steadyHelper(id: number): string {
  return `call i64 inttoptr (i64 ${id} to ptr)() ${PURE}`;
}

/**
 * A load whose offset is decided by the loader: one `ldx`, noted in `.bpfscript.sites`. The assembly reads no
 * memory that a program writes, so that equal ones may merge (readnone) and unused ones vanish.
 */
export function siteLoad(site: number, offset: number, width: Width): Primitive {
  const sign = offset < 0 ? '-' : '+';
  return {
    name: `bpfscript.site.${site}.load.${width}.${offset}`,
    result: 'i64',
    parameters: ['ptr'],
    attributes: 'readnone willreturn',
    body: [
      `%v = call i64 asm "${siteAsm(site, `$0 = *(u${bits(width)} *)($1 ${sign} ${Math.abs(offset)})`)}", "=r,r"(ptr %0) readnone nounwind willreturn`,
      'ret i64 %v',
    ],
  };
}

/** A number decided by the loader: one `mov` of a 32-bit immediate, sign-extended. */
export function siteImmediate(site: number, value: number): Primitive {
  return {
    name: `bpfscript.site.${site}.immediate.${value}`,
    result: 'i64',
    parameters: [],
    attributes: 'readnone willreturn',
    body: [
      `%v = call i64 asm "${siteAsm(site, `$0 = ${value}`)}", "=r"() readnone nounwind willreturn`,
      'ret i64 %v',
    ],
  };
}

const SHIFTS: Readonly<Record<Shift, string>> = { shl: '<<=', lshr: '>>=', ashr: 's>>=' };

/** A shift whose amount is decided by the loader: one instruction. */
export function siteShift(site: number, shift: Shift, amount: number): Primitive {
  return {
    name: `bpfscript.site.${site}.${shift}.${amount}`,
    result: 'i64',
    parameters: ['i64'],
    attributes: 'readnone willreturn',
    body: [
      `%v = call i64 asm "${siteAsm(site, `$0 ${SHIFTS[shift]} ${amount}`)}", "=r,0"(i64 %0) readnone nounwind willreturn`,
      'ret i64 %v',
    ],
  };
}

/** Stands for a call: %0 is in r1 before it, its result in r0, and it changes what calls may change. */
export function siteCall(site: number): Primitive {
  return {
    name: `bpfscript.site.${site}.call`,
    result: 'i64',
    parameters: ['ptr'],
    attributes: '',
    body: [
      `%r = call { i64, ptr } asm sideeffect "${siteAsm(site, 'r0 = 0')}", "={r0},={r1},1,~{r2},~{r3},~{r4},~{r5}"(ptr %0) nounwind`,
      '%v = extractvalue { i64, ptr } %r, 0',
      'ret i64 %v',
    ],
  };
}

/**
 * An instruction, and its record {u32 address, u32 site} in the site table. `${:uid}` gives each copy a label
 * of its own, also when LLVM duplicates the block.
 */
function siteAsm(site: number, instruction: string): string {
  const label = `.Lsite$\{:uid}`;
  return [
    `${label}:`,
    instruction,
    '.pushsection .bpfscript.sites,\\22\\22,@progbits',
    `.long ${label}`,
    `.long ${site}`,
    '.popsection',
  ].join('\\0A');
}

/** The definition as LLVM text. */
export function definitionOf(primitive: Primitive): string {
  const { name, result, parameters, attributes, body } = primitive;
  const list = parameters.map((type, index) => `${type} %${index}`).join(', ');
  const suffix = attributes === '' ? '' : ` ${attributes}`;
  return `define internal ${result} @${name}(${list}) alwaysinline nounwind${suffix} {\n${body
    .map((line) => `  ${line}\n`)
    .join('')}}\n`;
}
