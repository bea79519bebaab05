/** `bpfload --dump`: what this kernel made of programs, and how `bpfscript explore` shows it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Dump, DumpedFunction, DumpedProgram } from '../../compiler/exploration/dump.ts';
import { disassemble, type Machine } from '../../compiler/llvm/disassembler.ts';
import { type Browser, openBrowser, type Page } from '../support/browser.ts';
import { temporaryFolder, writeObject } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { dumpOf } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, runObject } from '../support/run.ts';

const folder = temporaryFolder();
const SCRIPT = `// Counts <reads> & more.
tracepoint:syscalls:sys_enter_read {
  @start[tid] = nsecs;
}
tracepoint:syscalls:sys_exit_read /@start[tid]/ {
  @us = hist((nsecs - @start[tid]) / 1000);
  printf("%s </script><img src=x onerror=alert(1)>\\n", comm);
  delete(@start, tid);
}
`;

function bpfload(...words: readonly string[]) {
  return spawnSync(LOADER_ASAN, words, { encoding: 'latin1' });
}

/** A script in a file, its object, and its dump. */
function dumped(name: string, text: string): { readonly script: string; readonly file: string } {
  const script = join(folder, `${name}.bt`);
  const object = join(folder, `${name}.o`);
  const file = join(folder, `${name}.json`);
  writeFileSync(script, text);
  expect(bpfscript(['build', script, '-o', object])).toMatchObject({ status: 0 });
  const { stdout, stderr, status } = bpfload('-q', '--dry-run', '--dump', file, object);
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
  return { script, file };
}

function nativeOf(program: DumpedProgram): readonly (readonly [DumpedFunction, Uint8Array])[] {
  let before = 0;
  return program.functions.map((each) => {
    const code = program.native?.subarray(before, before + each.size) ?? new Uint8Array();
    before += each.size;
    return [each, code];
  });
}

needs('root').describe('What the kernel made of programs', () => {
  it('is written as the schema says, for who loads programs alone', () => {
    const { file } = dumped('plain', SCRIPT);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const dump = dumpOf(readFileSync(file, 'utf8'));
    expect(dump).toMatchObject({ script: 'plain.bt', release: release() });
    expect([...dump.maps.values()]).toContain('AT_start');
    expect(dump.programs.map(({ functions }) => functions.map(({ name }) => name))).toEqual([
      ['tracepoint_syscalls_sys_enter_read_1', 'told_with_status'],
      ['tracepoint_syscalls_sys_exit_read_2', 'told_with_status'],
    ]);
    expect(dump.verifier).toMatch(/prog 'tracepoint_syscalls_sys_exit_read_2': -- BEGIN/);
    expect(dump.verifier).toMatch(/^processed \d+ insns/m);
  });

  it('is what bpftool reads of the same programs', async () => {
    const file = join(folder, 'second.json');
    const raw = join(folder, 'translated');
    let read: readonly unknown[] = [];
    await runObject(writeObject(folder, 'second', SCRIPT), {
      flags: ['-q', '--dump', file],
      loader: LOADER_ASAN,
      workload: () => {
        const { programs } = JSON.parse(readFileSync(file, 'utf8'));
        read = programs.map(({ id }: { id: number }) => {
          const of = (...words: readonly string[]): Buffer =>
            execFileSync('bpftool', [...words, 'id', String(id)]);
          execFileSync('bpftool', ['prog', 'dump', 'xlated', 'id', String(id), 'file', raw]);
          const { tag, bytes_jited } = JSON.parse(of('-j', 'prog', 'show').toString());
          return { tag, size: bytes_jited, translated: readFileSync(raw) };
        });
      },
    });
    const { programs } = dumpOf(readFileSync(file, 'utf8'));
    expect(read).toHaveLength(2);
    expect(
      programs.map(({ tag, native, translated }) => ({ tag, size: native?.length, translated })),
    ).toEqual(read);
  });

  it('has instructions where objdump finds them, and calls of helpers by name', () => {
    const dump = dumpOf(readFileSync(dumped('objdump', SCRIPT).file, 'utf8'));
    const machine = dump.machine as Machine;
    const architecture = machine === 'x86_64' ? 'i386:x86-64' : 'aarch64';
    const binary = join(folder, 'native');
    for (const program of dump.programs) {
      for (const [{ address = 0n }, code] of nativeOf(program)) {
        writeFileSync(binary, code);
        const output = execFileSync(
          'objdump',
          ['-D', '-b', 'binary', '-m', architecture, '--no-show-raw-insn', binary],
          { encoding: 'utf8' },
        );
        const places = [...output.matchAll(/^ +([0-9a-f]+):\t/gm)].map(([, at]) =>
          Number.parseInt(at ?? '', 16),
        );
        const own = disassemble(machine, code, address);
        // LLVM takes a prefix for an instruction of its own.
        const found = own.filter((_, index) => own[index - 1]?.text !== 'lock');
        expect(found.map(({ offset }) => offset)).toEqual(places);
        expect(found.filter(({ text }) => text === undefined)).toEqual([]);
      }
    }
    expect([...dump.symbols.values()]).toContain('bpf_ktime_get_boot_ns');
  });

  it('comes before the script: what it prints is behind it on standard output', () => {
    const object = writeObject(folder, 'both', 'begin { printf("hello\\n"); exit(); }');
    const { stdout, stderr, status } = bpfload('-q', '--dump', '-', object);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    const [dump = '', ...rest] = stdout.split('\n');
    expect(dumpOf(dump).programs).toHaveLength(1);
    expect(rest.join('\n').trim()).toBe('hello');
  });

  it('is not begun where no file can be written, and not written where nothing is loaded', () => {
    const object = writeObject(folder, 'none', SCRIPT);
    const place = join(folder, 'a-folder');
    mkdirSync(place);
    expect(bpfload('--dry-run', '--dump', place, object)).toMatchObject({
      status: 1,
      stderr: `ERROR: cannot write the dump ${place}: it is something else than a file.\n`,
    });
    const broken = join(folder, 'broken.json');
    const damaged = join(folder, 'damaged.o');
    writeFileSync(damaged, readFileSync(object).subarray(0, 1000));
    expect(bpfload('--dry-run', '--dump', broken, damaged).status).toBe(5);
    expect(existsSync(broken)).toBe(false);
  });
});

needs('root', 'chromium').describe('The page of a loaded script', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  /** Texts that are marked, by column. */
  async function marked(page: Page): Promise<ReadonlyMap<string, string>> {
    return new Map(
      (await page.evaluate(
        '[...document.querySelectorAll(".column")].map((column) => [column.dataset.title, [...column.querySelectorAll(".on")].map((each) => each.textContent).join("\\n")])',
      )) as readonly (readonly [string, string])[],
    );
  }

  function explored(name: string, text: string): { readonly page: string; readonly dump: Dump } {
    const { script, file } = dumped(name, text);
    const page = join(folder, `${name}.html`);
    const result = bpfscript(['explore', script, '--loaded', file, '-o', page]);
    expect(result).toEqual({ stdout: '', stderr: '', status: 0 });
    return { page, dump: dumpOf(readFileSync(file, 'utf8')) };
  }

  it('marks what belongs together in translated and native code, too', async () => {
    const { page: html, dump } = explored('marked', SCRIPT);
    const page = await browser.open(html);
    await page.click('.column:first-child [data-l]', 'delete(@start, tid);');
    const of = await marked(page);
    const native = `native (${dump.machine})`;
    expect([...of.keys()]).toEqual([
      ...['script', 'typed tree', 'IR', 'optimised IR', 'BPF', 'verifier', 'translated', native],
    ]);
    expect(of.get('BPF')).toContain('call map_delete_elem');
    expect(of.get('verifier')).toContain('call bpf_map_delete_elem');
    // The verifier has put the map's own function in the place of the helper.
    expect(of.get('translated')).toContain('call htab_map_delete_elem');
    expect(of.get('translated')).toContain('= map @start');
    expect(of.get('native')).toBeUndefined();
    expect(of.get(native)).toContain('htab_map_delete_elem');
    for (const column of ['translated', native]) {
      expect(of.get(column)).toContain('told_with_status');
      expect(of.get(column)).not.toContain('bpf_get_current_comm');
    }
    // Whatever is called has a name, and what is jumped to lies within the function or has one, too.
    const shown = await page.evaluate(
      `document.querySelector('.column[data-title="${native}"]').textContent`,
    );
    expect(String(shown)).not.toMatch(/(call|j[a-z]+|b|bl) 0x[0-9a-f]{16}/);
    // From native code, too.
    await page.click(`.column[data-title="${native}"] [data-l]`, 'bpf_get_current_comm');
    expect(await page.evaluate('location.hash')).toBe('#L7');
    expect((await marked(page)).get('script')).toContain('printf(');
    expect(page.noises).toEqual([]);
  });

  it('is readable for a script of 500 lines', async () => {
    const lines = Array.from(
      { length: 98 },
      (_, probe) =>
        `tracepoint:syscalls:sys_enter_${probe % 2 === 0 ? 'read' : 'write'} /pid == ${probe + 1}/ {\n  $x${probe} = nsecs;\n  @a${probe}[tid] = $x${probe};\n  @b${probe}[comm] = count();\n}\n`,
    );
    const { page: html, dump } = explored('long', `// Many.\n${lines.join('')}`);
    expect(dump.programs).toHaveLength(98);
    expect(statSync(html).size).toBeLessThan(16 << 20);
    const page = await browser.open(html);
    const before = Number(await page.evaluate('performance.now()'));
    await page.click('.column:first-child [data-l]', '@a50[tid] = $x50;');
    const of = await marked(page);
    const ms = Number(await page.evaluate('performance.now()')) - before;
    expect(of.get('translated')).toContain('map @a50');
    expect(of.get('translated')).not.toContain('map @a51');
    expect(of.get(`native (${dump.machine})`)).toContain('htab_map_update_elem');
    // Each column has come to where its lines are.
    expect(
      await page.evaluate(
        '[...document.querySelectorAll(".column .lines")].slice(1).every((each) => { const on = each.querySelector(".on"); return !on || (on.offsetTop >= each.scrollTop && on.offsetTop < each.scrollTop + each.clientHeight); })',
      ),
    ).toBe(true);
    expect(ms).toBeGreaterThan(0);
    expect(page.noises).toEqual([]);
  });

  it('is not made of a dump of another script', () => {
    const { file } = dumped('first', SCRIPT);
    const other = join(folder, 'first-changed.bt');
    const page = join(folder, 'other.html');
    // Its name may be another: lines are known by their text.
    writeFileSync(other, SCRIPT);
    expect(bpfscript(['explore', other, '--loaded', file, '-o', page]).status).toBe(0);
    writeFileSync(other, `\n${SCRIPT}`);
    const { stderr, status } = bpfscript([
      ...['explore', other, '--loaded', file, '-o', join(folder, 'none.html')],
    ]);
    expect({ stderr, status }).toEqual({
      stderr: `ERROR: --loaded: ${file} is of another script: in its first.bt, line 2 is "tracepoint:syscalls:sys_enter_read {"\nHINT: Give the script that the object was built from, as it was then.\n`,
      status: 1,
    });
    expect(existsSync(join(folder, 'none.html'))).toBe(false);
  });
});
