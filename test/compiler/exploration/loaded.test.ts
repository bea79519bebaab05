/** Dumps of hosts: what is in them is shown as text, or refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDump } from '../../../compiler/exploration/dump.ts';
import {
  ForeignDump,
  loadedTables,
  nativeLines,
  translatedLines,
} from '../../../compiler/exploration/loaded.ts';
import { InstallationError } from '../../../compiler/paths.ts';
import { temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';
import { createRandom } from '../../support/random.ts';
import {
  besideScript,
  DUMP,
  hex,
  inspection,
  LINES,
  type Line,
  native,
  program,
  read,
  SCRIPT,
  translated,
} from './dumped.ts';

const folder = temporaryFolder();

describe('Translated code', () => {
  it('has names of maps and functions, and the line of each instruction', () => {
    expect(translated(DUMP)).toEqual([
      ['begin_1', undefined],
      ['0: r1 = map @a', 1],
      ['2: call htab_map_update_elem', 1],
      ['3: call told', 2],
      // What machine code stands for has the helper's number.
      ['4: call bpf_get_smp_processor_id', 2],
      ['5: exit', 2],
      ['told', undefined],
      ['6: exit', 2],
    ]);
  });

  it('has no line where the script has none', () => {
    expect(translated(DUMP, (line) => (line === 1 ? 0 : undefined)).slice(1, 6)).toEqual([
      ['0: r1 = map @a', 1],
      ['2: call htab_map_update_elem', 1],
      ['3: call told', undefined],
      ['4: call bpf_get_smp_processor_id', undefined],
      ['5: exit', undefined],
    ]);
  });

  it('has no line in functions that scripts share', () => {
    const functions = DUMP.programs[0]?.functions.map((each) =>
      each.name === 'told' ? { ...each, name: 'shared' } : each,
    );
    expect(translated(program({ functions })).at(-1)).toEqual(['6: exit', undefined]);
    expect(native(program({ functions })).slice(-3)).toEqual([
      ['shared', undefined],
      ['+0: nop', undefined],
      ['+1: 06', undefined],
    ]);
  });

  it('says that calls are hidden where addresses are', () => {
    const zeroed = DUMP.programs[0]?.translated.replace('8500000010000000', '8500000000000000');
    const { call_base: _, ...hidden } = program({ translated: zeroed });
    expect(translated({ ...hidden, symbols: [] })[2]).toEqual(['2: call (hidden)', 1]);
    expect(translated(program({ translated: null }))[1]?.[0]).toMatch(/kernel\.kptr_restrict/);
  });

  it('has no lines where constants are hidden in several functions', () => {
    const hardened = { ...DUMP, settings: { 'net.core.bpf_jit_harden': 2 } };
    const lines = [...translated(hardened), ...native(hardened)];
    expect(lines.filter(([, line]) => line !== undefined)).toEqual([]);
    expect(lines.filter(([text]) => String(text).includes('bpf_jit_harden'))).toHaveLength(2);
    const single = program({ functions: DUMP.programs[0]?.functions.slice(0, 1) });
    expect(
      translated({ ...single, settings: { 'net.core.bpf_jit_harden': 2 } }).map(([, line]) => line),
    ).toEqual([undefined, 1, 1, 2, 2, 2, 2]);
  });
});

describe('Native code', () => {
  it('is disassembled, with prefixes, names and lines', () => {
    expect(native(DUMP)).toEqual([
      ['begin_1', undefined],
      ['+0: callq bpf_ktime_get_ns', 1],
      ['+5: lock addq %rbx, (%rax)', 2],
      ['+9: retq', 2],
      ['told', undefined],
      ['+0: nop', 2],
      ['+1: 06', 2],
    ]);
  });

  it('of arm64 names what is called by a register', () => {
    const code = program({
      native: hex('eaffa792 0a1080f2 40013fd6 c0035fd6'),
      lines: [],
      functions: [{ name: 'begin_1', instruction: 0, address: 'ffff800080000000', size: 16 }],
    });
    expect(
      native({ ...code, kernel: { ...DUMP.kernel, machine: 'aarch64' } }).map(([text]) => text),
    ).toEqual([
      'begin_1',
      '+0: mov x10, #-0x3fff0001',
      '+4: movk x10, #0x80',
      '+8: blr x10 (bpf_ktime_get_ns)',
      '+c: ret',
    ]);
  });

  it('says why there is none', () => {
    expect(native(program({ native: null })).at(-1)?.[0]).toMatch(/kernel\.kptr_restrict/);
    const off = { ...program({ native: '' }), settings: { 'net.core.bpf_jit_enable': 0 } };
    expect(native(off).at(-1)?.[0]).toMatch(/net\.core\.bpf_jit_enable is 0/);
    const interpreted = ['There is none: the kernel interprets the program.', undefined];
    expect(native(program({ native: '' })).at(-1)).toEqual(interpreted);
    expect(native({ ...program({ native: '' }), settings: {} }).at(-1)).toEqual(interpreted);
  });

  it('of another machine is shown as bytes, by lines of the script', () => {
    const riscv = { ...DUMP, kernel: { ...DUMP.kernel, machine: 'riscv64' } };
    expect(native(riscv)).toEqual([
      ['Code for riscv64 is not disassembled: these are its bytes.', undefined],
      ['begin_1', undefined],
      ['+0: e8 7b 00 00 00', 1],
      ['+5: f0 48 01 18 c3', 2],
      ['told', undefined],
      ['+0: 90 06', 2],
    ]);
  });
});

describe('An installation without disassembler', () => {
  it('shows bytes, and says what is missing', () => {
    const lacking = (): never => {
      throw new InstallationError('this installation has no disassembler.node for x64', '');
    };
    const lines = nativeLines({ ...besideScript(read(DUMP)), disassemble: lacking });
    expect(lines.map(({ text }) => text.trim()).slice(0, 3)).toEqual([
      'It is not disassembled, these are its bytes: this installation has no disassembler.node for x64.',
      'begin_1',
      '+0: e8 7b 00 00 00',
    ]);
  });
});

describe('A dump', () => {
  it('is of the script whose lines it has', () => {
    const other = (change: Partial<Line>) => () =>
      translated(program({ lines: LINES.map((line) => ({ ...line, ...change })) }));
    expect(other({ text: 'begin { @b = 1;' })).toThrow(
      new ForeignDump('in its x.bt, line 1 is "begin { @b = 1;"'),
    );
    expect(other({ line: 9 })).toThrow(ForeignDump);
    expect(other({ file: 'y.bt' })).toThrow(new ForeignDump('it was made of x.bt'));
  });

  it('shows what the verifier counted, and what is left out', () => {
    const verifier = `libbpf: prog 'begin_1': -- BEGIN PROG LOAD LOG --\nprocessed 12 insns (limit 1000000)\nstack depth 8+0\n`;
    const tables = loadedTables(read({ ...DUMP, verifier, left_out: 3 }), inspection);
    expect(tables.map(({ rows }) => rows[0])).toEqual([
      [
        ...['begin_1', '0123456789abcdef', expect.stringMatching(/^\d+$/), '7', '12', '12'],
        'processed 12 insns (limit 1000000); stack depth 8+0',
      ],
      ['machine', 'x86_64'],
    ]);
    const none = loadedTables(read({ ...DUMP, programs: [] }), inspection);
    expect(none[0]?.rows).toEqual([['begin_1', '', expect.stringMatching(/^\d+$/), 'not loaded']]);
    expect(tables[1]?.rows).toContainEqual(['programs that the dump leaves out', '3']);
  });

  it('shows of each program what the host gives, and no program twice', () => {
    const [one] = DUMP.programs;
    const { verified: _, ...old } = {
      ...one,
      name: 'old',
      tag: 't',
      translated: null,
      native: null,
    };
    const verifier = [
      ...[
        'processed 1 insns',
        "libbpf: prog 'old': -- BEGIN PROG LOAD LOG --",
        'x processed 2 insns',
      ],
      ...['processed 3 insns', 'said', "libbpf: prog 'begin_1': -- BEGIN", 'stack depth 4'],
    ].join('\n');
    const of = (change: object) =>
      loadedTables(read({ ...DUMP, programs: [old], verifier, ...change }), inspection);
    expect(of({})[0]?.rows).toEqual([
      ['old', 't', '', 'hidden', 'hidden', '', 'processed 3 insns'],
      ['begin_1', '', expect.stringMatching(/^\d+$/), 'not loaded'],
    ]);
    // The programs that were left out may be loaded.
    expect(of({ left_out: 1 })[0]?.rows).toHaveLength(1);
    expect(of({ programs: [one] })[0]?.rows.map((row) => row.at(-1))).toEqual(['stack depth 4']);
    expect(of({})[1]?.rows).toEqual([
      ['machine', 'x86_64'],
      ['loader', 'bpfload 0.1.0'],
      ['net.core.bpf_jit_enable', '1'],
      ['net.core.bpf_jit_harden', '0'],
    ]);
  });

  const script = join(folder, 'x.bt');
  const file = join(folder, 'x.json');
  const page = join(folder, 'x.html');
  writeFileSync(script, SCRIPT);

  it('is no place for scripts: names are text', async () => {
    const bad = '</script><img src=x onerror=alert(1)>';
    const functions = DUMP.programs[0]?.functions.map((each) => ({ ...each, name: bad }));
    const hostile = {
      ...program({ name: bad, tag: bad, functions }),
      loader: bad,
      kernel: { release: bad, version: bad, machine: bad },
      settings: { [bad]: 1 },
      maps: [{ id: 7, name: bad }],
      symbols: [{ address: 'ffffffff81000010', name: bad }],
      verifier: `prog ${bad}\n; ${bad}\n`,
    };
    writeFileSync(file, JSON.stringify(hostile));
    const result = await runHere(['explore', script, '--loaded', file, '-o', page]);
    expect(result).toEqual({ stdout: '', stderr: '', status: 0 });
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('call &lt;/script&gt;&lt;img');
    expect(html).not.toContain('<img');
    expect(html.match(/<script>/g)).toHaveLength(1);
  });

  it('of another script is refused, in words that no terminal obeys', async () => {
    const lines = LINES.map((line) => ({ ...line, file: '\x1b]0;y\x07' }));
    writeFileSync(file, JSON.stringify({ ...program({ lines }), script: 'y\x9b2J.bt' }));
    const { stderr, status } = await runHere(['explore', script, '--loaded', file, '-o', '-']);
    expect({ stderr, status }).toEqual({
      stderr: `ERROR: --loaded: ${file} is of another script: it was made of y\\u{9b}2J.bt\nHINT: Give the script that the object was built from, as it was then.\n`,
      status: 1,
    });
  });

  it.each([
    ['it is not JSON', ''],
    ['it is not as it should be', '[]'],
    ['it is no dump of bpfload', '{"type": "start"}'],
    ['it is of another version', '{"type": "dump", "schema": 2}'],
    ['translated is no code', JSON.stringify(program({ translated: 'x' }))],
    ['lines is no list', JSON.stringify(program({ lines: 1 }))],
    ['call_base is no address', JSON.stringify({ ...DUMP, call_base: '-1' })],
    ['settings is no number', JSON.stringify({ ...DUMP, settings: { x: 'y' } })],
  ])('is refused where %s', async (reason, text) => {
    writeFileSync(file, text);
    const { stderr, status } = await runHere(['explore', script, '--loaded', file, '-o', '-']);
    expect({ stderr, status }).toEqual({
      stderr: `ERROR: --loaded: ${file}: ${reason}\nHINT: \`bpfload tool.o --dry-run --dump FILE\` writes one.\n`,
      status: 1,
    });
  });

  it('that is damaged anywhere is shown, or refused in words', () => {
    const random = createRandom(7);
    const whole = JSON.stringify(DUMP);
    const shown = (text: string): void => {
      const dump = parseDump(text);
      const loaded = besideScript(dump);
      translatedLines(loaded, inspection);
      nativeLines(loaded);
      loadedTables(dump, inspection);
    };
    const outcomes = { shown: 0, refused: 0 };
    for (let round = 0; round < 2000; round++) {
      const at = random.below(whole.length);
      const instead = random.pick(['0', '9', 'f', '"', '-', '1e9', '', 'null', '[', '99999999']);
      const end = at + random.below(4);
      try {
        shown(whole.slice(0, at) + instead + whole.slice(end));
        outcomes.shown += 1;
      } catch (error) {
        expect(String(error)).toMatch(/^(Error: [a-z_]+ is |Error: it is |ForeignDump: )/);
        outcomes.refused += 1;
      }
    }
    expect(outcomes.shown).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(100);
  });

  it('with more functions than programs have takes no longer for each of them', () => {
    const count = 20_000;
    const functions = Array.from({ length: count }, (_, index) => ({
      ...{ name: 'begin_1', instruction: index + 1, address: 'ffffffffc0000000', size: 0 },
    }));
    const calls = '8510ffff00000000'.repeat(count);
    const large = program({ functions, translated: calls, native: '' });
    expect(translated(large).length).toBeGreaterThan(count);
    const nops = functions.map((each) => ({ ...each, size: 1 }));
    expect(native(program({ functions: nops, native: '90'.repeat(count) }))).toHaveLength(
      2 * count,
    );
  });
});
