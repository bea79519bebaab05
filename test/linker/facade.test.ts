import { describe, expect, it } from 'vitest';
import { emit } from '../../compiler/llvm/backend.ts';
import { createModule } from '../../compiler/llvm/module.ts';
import { bytes, unsigned } from '../../linker/btf/types.ts';
import { HELPERS } from '../../linker/contract/helpers.ts';
import type { LinkInput } from '../../linker/input.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { link } from '../../linker/link.ts';
import { attached } from '../support/kernel.ts';
import { emptyManifest } from './support.ts';

/** What the linker takes, out of the compiler's own façade and back end. */
function facadeInput(): LinkInput {
  const module = createModule('/home/someone/count.bt');
  module.license('GPL');
  module.map('AT_');
  module.global({ symbol: 'AT_x', section: '.bss', size: 8, align: 8 });
  module.global({
    symbol: 'limit',
    section: '.rodata',
    size: 8,
    align: 8,
    bytes: Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0),
  });
  module.program('enter_1', 'raw_tp/sys_enter', (ir, _context) => {
    ir.setPlace(1, 5);
    module.callback('step', ['i32', 'ptr'], (inner, [index, frame]) => {
      inner.setPlace(2, 3);
      inner.store(frame, 0, 8, inner.op('add', inner.load(frame, 0, 8, false), index));
      inner.return_(inner.constant(0));
    });
    const frame = ir.alloca(8, 8);
    ir.store(frame, 0, 8, ir.constant(0));
    ir.helper(HELPERS.loop, [
      ir.load(ir.global('limit'), 0, 8, false),
      ir.callback('step'),
      frame,
      ir.constant(0),
    ]);
    const sum = ir.op(
      'add',
      ir.load(frame, 0, 8, false),
      ir.log2(ir.helper(HELPERS.ktime_get_ns, [])),
    );
    ir.store(
      ir.global('AT_x'),
      0,
      8,
      ir.op('add', ir.op('and', sum, ir.constant(0)), ir.load(frame, 0, 8, false)),
    );
    ir.return_(ir.constant(0));
  });
  return {
    objects: [emit(module, 'object')],
    texts: [
      {
        name: '/home/someone/count.bt',
        text: 'rawtracepoint:sys_enter {\n  for ($i : 0..$1) { }\n}\n',
      },
    ],
    kernelBtf: () => {
      throw new Error('nobody asked for types');
    },
    license: 'GPL',
    imports: [],
    kernelSymbols: [],
    functions: [
      { symbol: 'enter_1', role: 'program' },
      { symbol: 'step', role: 'loop-callback' },
    ],
    maps: [{ symbol: 'AT_', type: 6, maxEntries: 1, flags: 0, key: unsigned(4), value: bytes(16) }],
    variables: module
      .globals()
      .filter(({ section }) => section === '.bss' || section === '.rodata')
      .map(({ symbol, section, size }) => ({
        symbol,
        section: section === '.bss' ? '.bss' : '.rodata',
        type: bytes(size),
      })),
    sites: [],
    manifest: emptyManifest,
  };
}

describe("an object of the compiler's façade", () => {
  it('links and runs', () => {
    const object = link(facadeInput());
    expect(attached(object, '.bss').readBigUInt64LE(0)).toBe(15n);
    expect(inspectObject(object).functions.map(({ name }) => name)).toEqual(['step']);
    expect(Buffer.from(object).includes('someone')).toBe(false);
  });
});
