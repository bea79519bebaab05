/** From a typed tree or a script to assembly, to the manifest, and to the running kernel's verdict. */

import type { TypedProgram } from '../../../compiler/analysis/typed.ts';
import { codeOf } from '../../../compiler/builtins/builtins.ts';
import type { KernelDescription } from '../../../compiler/kernel/types.ts';
import { emit } from '../../../compiler/llvm/backend.ts';
import { lower } from '../../../compiler/lowering/lower.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { createSources } from '../../../compiler/source/sources.ts';

/** Enough for trees that name no kernel type. */
const NO_KERNEL: KernelDescription = {
  release: '6.12.0',
  arch: 'x86_64',
  types: {
    struct: () => undefined,
    enum: () => undefined,
    typedef: () => undefined,
    member: () => undefined,
    members: () => [],
    ways: () => [],
    enumerator: () => undefined,
    enumerators: () => [],
  },
  matchTracepoints: () => [],
  matchFunctions: (pattern) => [pattern],
  tracepoint: () => undefined,
  percpuVariable: () => undefined,
  rawTracepoint: () => undefined,
  function: () => undefined,
  matchTypedFunctions: () => [],
  btf: new Uint8Array(),
};

export function lowered(program: TypedProgram) {
  return lower(program, {
    builtins: codeOf,
    sources: createSources({ name: 'dir/test.bt', text: 'x' }),
    kernel: NO_KERNEL,
    diagnostics: new Diagnostics(),
  });
}

/** Instructions and labels of the first program. */
export function assembly(program: TypedProgram): readonly string[] {
  const text = Buffer.from(emit(lowered(program).module, 'assembly')).toString();
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('probe_1:'));
  const end = lines.findIndex((line, index) => index > start && line.startsWith('.Lfunc_end'));
  return lines
    .slice(start + 1, end)
    .map((line) => line.replace(/\s*#.*/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('.') && !line.endsWith(':'));
}

/** Numbers of the helpers that are called, in order of the text. */
export function helpersOf(program: TypedProgram): readonly number[] {
  return assembly(program).flatMap((line) => {
    const match = /^call (\d+)$/.exec(line);
    return match ? [Number(match[1])] : [];
  });
}

export function manifestOf(program: TypedProgram) {
  const { input } = lowered(program);
  let next = 0;
  const places = new Map<string, number>();
  return input.manifest((symbol) => {
    const known = places.get(symbol);
    if (known !== undefined) return known;
    next += 8;
    places.set(symbol, next);
    return next;
  });
}
