/** Frames and keys as `-f text`, `-f json`, bpftrace and folded lines write them. */
import type { Frame, FrameKind } from './findings.ts';

const UNKNOWN: Frame = { name: '[unknown]', kind: 'user' };

/** The marks that tools for flame graphs put behind a function's name. */
const MARKS: Readonly<Record<string, FrameKind>> = { _k: 'kernel', _i: 'inlined', _j: 'jit' };

/** A frame of a folded line. */
export function foldedFrame(text: string): Frame {
  const mark = /_\[([kij])\]$/.exec(text);
  if (mark) return { name: text.slice(0, -4), kind: MARKS[`_${mark[1]}`] ?? 'user' };
  return { name: text, kind: 'user' };
}

/** A frame's line: `name+12`, `name [inlined] @file.c:3`, `0x12`, or as perf writes it, `7f12 name+12 (/bin/x)`. */
function frameOf(line: string): Frame {
  const perf = /^[0-9a-f]+ (.*) \((.*)\)$/.exec(line);
  if (perf) return perfFrame(perf[1] ?? '', perf[2] ?? '');
  const text = line.replace(/ @[^\s]+:\d+$/, '');
  if (/^0x[0-9a-f]+$/.test(text)) return UNKNOWN;
  if (text.endsWith(' [inlined]')) return { name: text.slice(0, -10), kind: 'inlined' };
  return { name: text.replace(/\+\d+$/, ''), kind: 'user' };
}

function perfFrame(text: string, module: string): Frame {
  const name = text.replace(/\+\d+$/, '');
  if (name === '[unknown]') return nameless(module);
  if (module === '[jit]') return { name, kind: 'jit' };
  return { name, kind: module === '[kernel.kallsyms]' ? 'kernel' : 'user' };
}

/** A frame of which only the file is known. */
export function nameless(module: string | undefined): Frame {
  if (!module || module === '[unknown]') return UNKNOWN;
  const base = module.slice(module.lastIndexOf('/') + 1);
  return { name: base.startsWith('[') ? base : `[${base}]`, kind: 'user' };
}

export interface KeyText {
  /** What is no stack, in one line. */
  readonly text: string;
  /** The outermost first: parts, then the stacks, those of processes before those of the kernel. */
  readonly frames?: readonly Frame[];
}

/** Where the kernel's stacks begin, on x86-64 and arm64: text does not say whose a stack is. */
const KERNEL_ROOT =
  /^(entry_SYSCALL|entry_SYSENTER|entry_INT80|asm_|ret_from_fork|secondary_startup|common_startup|x86_64_start|start_kernel|el[01]|__switch_to_asm|do_syscall_64)/;

/** The outermost first. A stack that begins where those of the kernel do is one of them. */
function ofKernel(stack: readonly Frame[]): readonly Frame[] {
  if (!KERNEL_ROOT.test(stack[0]?.name ?? '')) return stack;
  return stack.map((frame) => (frame.kind === 'user' ? { ...frame, kind: 'kernel' } : frame));
}

/**
 * A key with the lines of its stacks in it. A line that begins with a comma, and the first, has the parts between
 * stacks.
 */
export function keyOf(text: string): KeyText {
  if (!text.includes('\n')) return { text };
  const parts: Frame[] = [];
  const stacks: Frame[][] = [];
  let stack: Frame[] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (index === 0 || trimmed.startsWith(',')) {
      const between = trimmed.replace(/^,\s*|,$/g, '');
      for (const name of between === '' ? [] : between.split(/,\s*/))
        parts.push({ name, kind: 'part' });
      stack = [];
      stacks.push(stack);
    } else if (trimmed !== '') {
      stack?.unshift(frameOf(trimmed));
    }
  }
  const known = stacks.map(ofKernel);
  const isKernel = (each: readonly Frame[]): boolean => each[0]?.kind === 'kernel';
  const ordered = [...known.filter((each) => !isKernel(each)), ...known.filter(isKernel)];
  const frames = [...parts, ...ordered.flat()];
  return {
    text: frames.map(({ name }) => name).join(', '),
    frames: frames.length > 0 ? frames : [{ name: '[no stack]', kind: 'part' }],
  };
}
