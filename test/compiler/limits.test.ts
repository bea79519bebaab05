/** What loaders do not take is an error of the compiler. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beyondLimits, emitObjects, LimitError } from '../../compiler/limits.ts';
import { createModule } from '../../compiler/llvm/module.ts';
import { OBJECT_LIMITS } from '../../linker/contract/limits.ts';
import { type ElfSymbol, SHF, SHT, STB, STT } from '../../linker/elf/elf.ts';
import { readElf } from '../../linker/elf/read.ts';
import { type OutputSection, writeElf } from '../../linker/elf/write.ts';
import { inspectObject } from '../../linker/inspect.ts';
import type { Manifest } from '../../linker/manifest/manifest.ts';
import { build, compileText, diagnose, temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';

function manifestOf(object: Uint8Array): Manifest {
  const section = readElf(object).sections.find(({ name }) => name === '.bpfscript');
  return JSON.parse(Buffer.from(section?.data ?? []).toString()) as Manifest;
}

describe('an object', () => {
  it('holds each line of the script once, however much stands in it', () => {
    const maps = Array.from({ length: 200 }, (_, index) => `@m${index}[pid] = ${index};`);
    const script = `begin { ${maps.join(' ')} }\nend { print(@m1[1]); @m2[1] = 2; }`;
    const object = build(script);
    const { lines, events } = manifestOf(object);
    expect(lines).toEqual(script.split('\n'));
    expect(events.filter(({ place }) => place?.text === 0)).toHaveLength(200);
    expect(events.filter(({ place }) => place?.text === 1).length).toBeGreaterThan(0);
    expect(object.length).toBeLessThan(100 * script.length);
  });

  it('has the ring of events wherever it describes some, also where none is sent', () => {
    const object = build(`struct mine { struct load_weight load; unsigned int count; };
      profile:hz:9 { @ = lhist(((struct mine *)curtask.se.cfs_rq).count, 0, 100, 1); }`);
    expect(manifestOf(object).events).toHaveLength(1);
    expect(inspectObject(object).maps.map(({ name }) => name)).toContain('events');
  });

  it('has those of its probes, and no others, where nothing else refers to one', () => {
    expect(manifestOf(build('// A comment.\nbegin {\n  exit();\n}')).lines).toEqual(['begin {']);
  });

  it('sends no record that is larger than loaders take', () => {
    const values = Array(40).fill('$a').join(', ');
    const script = `config = { max_strlen = 32768 }
      begin { $a = str(1); printf("${'%s'.repeat(40)}", ${values}); }`;
    expect(diagnose(script).map(({ code, message }) => [code, message])).toEqual([
      ['object-limit', 'What printf sends takes 1310728 bytes; a record has at most 1048576'],
    ]);
  });

  it('has no more of anything than loaders take', () => {
    const code = (index: number): OutputSection => {
      const data = new Uint8Array(8);
      return { name: `s${index}`, type: SHT.progbits, flags: SHF.alloc, align: 8, data };
    };
    const { bytes } = writeElf(
      Array.from({ length: 4100 }, (_, index) => code(index)),
      [],
    );
    expect(beyondLimits(bytes)).toMatchObject([
      {
        code: 'object-limit',
        message: expect.stringMatching(/^The object would have 410\d sections/),
      },
    ]);
    expect(beyondLimits(build('begin { exit(); }'))).toEqual([]);
  });

  it.each([
    ['symbols', 'symbols (maps, variables, programs)', 'notype', 1],
    ['functions', 'programs and functions', 'func', 1],
  ] as const)('has as many %s as loaders take, and not one more', (limit, words, type, added) => {
    const symbol = (index: number): ElfSymbol => ({
      ...{ name: `s${index}`, bind: STB.global, type: STT[type], section: 1, value: 0, size: 8 },
    });
    const data = new Uint8Array(8);
    const section = { name: 'code', type: SHT.progbits, flags: SHF.alloc, align: 8, data };
    const said = (count: number): readonly string[] => {
      const symbols = Array.from({ length: count }, (_, index) => symbol(index));
      return beyondLimits(writeElf([section], symbols).bytes).map(({ message }) => message);
    };
    const most = OBJECT_LIMITS[limit];
    // The symbol table begins with one that is none.
    const own = limit === 'symbols' ? most - 1 : most;
    expect(said(own).filter((message) => message.includes(words))).toEqual([]);
    expect(said(own + added)).toContain(
      `The object would have ${most + 1} ${words}; loaders take ${most}`,
    );
  });

  it('has as many bytes of variables as loaders take, and not one more', () => {
    const said = (size: number) =>
      beyondLimits(
        writeElf(
          [
            {
              name: '.bss',
              type: SHT.nobits,
              flags: SHF.alloc,
              align: 8,
              data: new Uint8Array(size),
            },
          ],
          [],
        ).bytes,
      ).map(({ code, severity, message, hints }) => ({ code, severity, message, hints }));
    expect(said(OBJECT_LIMITS.zeroBytes)).toEqual([]);
    expect(said(OBJECT_LIMITS.zeroBytes + 1)).toEqual([
      {
        ...{ code: 'object-limit', severity: 'error' },
        message: `The object would have ${OBJECT_LIMITS.zeroBytes + 1} bytes of variables; loaders take ${OBJECT_LIMITS.zeroBytes}`,
        hints: ['Split the script, or use patterns, which are one program each.'],
      },
    ]);
  });

  needs('clang').it('has no variables beyond what loaders take', () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'big.bpf.c'),
      'char big[100 << 20]; int at(int i) { return big[i & 0xff]; }',
    );
    const script = 'import "big.bpf.c";\nbegin { @ = at(1); }';
    expect(() => build(script, { path: join(folder, 'script.bt') })).toThrow(
      /The object would have 10485\d+ bytes of variables; loaders take 67108864/,
    );
    const { checkLimits } = compileText(script, { path: join(folder, 'script.bt') });
    expect(checkLimits).toThrow(/bytes of variables; loaders take 67108864/);
  });
});

describe('a program that takes more stack than there is', () => {
  /** Programs with so many bytes on their stacks, by symbol. */
  const refused = (stacks: Readonly<Record<string, number>>) => {
    const module = createModule('test.bt');
    for (const [symbol, bytes] of Object.entries(stacks))
      module.program(symbol, `kprobe/${symbol}`, (ir) => void ir.helper(1, [ir.alloca(bytes, 8)]));
    const probes = ['probe_1', 'probe_11', 'probe_2'].map((symbol, index) => ({
      ...{ symbol, range: { start: index, end: index + 1 } },
    }));
    const made = emitObjects(module, probes);
    return 'objects' in made
      ? []
      : made.refusals.map(({ code, severity, range }) => [code, severity, range?.start]);
  };

  it('is named by its attach point, its callbacks by that of their program, and its neighbours are not', () => {
    expect(refused({ probe_1: 480, probe_11: 8 })).toEqual([]);
    expect(refused({ probe_1: 8, probe_11: 600 })).toEqual([['stack-limit', 'error', 1]]);
    expect(refused({ probe_2_loop_1: 600, probe_1: 8 })).toEqual([['stack-limit', 'error', 2]]);
    expect(refused({ elsewhere: 600 })).toEqual([['stack-limit', 'error', undefined]]);
  });

  it('is an error with the places of all that is wrong', () => {
    const { sources, diagnostics } = compileText('begin { exit(); }');
    const said = [{ message: 'one' }, { message: 'two' }] as unknown as typeof diagnostics;
    const error = new LimitError(sources, said);
    expect([error.message, error.sources, error.diagnostics]).toEqual(['one\ntwo', sources, said]);
  });
});

describe('loops in each other', () => {
  it('are counted once each, however deep they are', () => {
    const depth = 40;
    const script = `begin { ${'unroll(1) { '.repeat(depth)}@n++; ${'}'.repeat(depth)} }`;
    // Counted anew for each loop around it, the innermost would be counted a thousand thousand million times.
    expect(build(script).length).toBeGreaterThan(0);
  });
});
