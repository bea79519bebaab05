/** `symbolize`: what was printed where programs are stripped gets its names where their debug files are. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/build.ts';
import { bpfscript } from '../support/command.ts';
import { isTypedMessage } from '../support/json.ts';
import { needs } from '../support/needs.ts';
import { LOADER_ASAN, run } from '../support/run.ts';
import { runStopping } from '../support/stopping.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const source = at('calls.cpp');
const program = at('calls');
const host = at('host/calls');
const debug = at('debug');
const SOURCE = `#include <stdio.h>
#include <signal.h>
#define KEEP __attribute__((noinline, noclone, used))
namespace shop {
KEEP int leaf(int x) { __asm__ volatile("" : "+r"(x) : "r"(__builtin_frame_address(0))); return x; }
static inline __attribute__((always_inline)) int inner(int x) { int y = leaf(x); return y + 2; }
KEEP int outer(int x) { int y = inner(x); return y + 1; }
}
KEEP void tell() {
  printf("%p\\nabout %p, twice\\n#1  %p in ?? ()\\n", (void *)tell, (void *)tell, __builtin_return_address(0));
  FILE *from = fopen("/proc/self/maps", "r"), *to = fopen("maps", "w");
  for (int c; (c = fgetc(from)) != EOF;) fputc(c, to);
  fclose(to);
}
int main(int count, char **) { int y = shop::outer(count); if (count > 1) tell(); else raise(SIGSTOP); return y == 12345; }
`;
const STACK = [
  'shop::leaf(int)+0 @SOURCE:5',
  'inner [inlined] @SOURCE:6',
  'shop::outer(int)+N @SOURCE:7',
  'main+N @SOURCE:15',
];
const NAMES = ['shop::leaf(int)', 'inner', 'shop::outer(int)', 'main'];

let id = '';
let start = '';

function symbolize(input: string | Buffer, ...flags: readonly string[]) {
  return spawnSync(LOADER_ASAN, ['symbolize', ...flags], { input, encoding: 'utf8' });
}

/** Without what depends on the compiler. */
function plain(text: string): readonly string[] {
  return text
    .replaceAll(source, 'SOURCE')
    .replace(/\+[1-9]\d*/g, '+N')
    .split('\n');
}

beforeAll(() => {
  writeFileSync(source, SOURCE);
  const flags = ['-O1', '-g', '-fno-omit-frame-pointer', '-fno-optimize-sibling-calls'];
  execFileSync('g++', [...flags, '-Wl,--build-id=sha1', '-o', program, source]);
  const notes = execFileSync('readelf', ['-n', program], { encoding: 'utf8' });
  id = /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? '';
  start =
    /^([0-9a-f]+) T _ZN4shop4leafEi$/m.exec(
      execFileSync('nm', [program], { encoding: 'utf8' }),
    )?.[1] ?? '';
  const file = join(debug, '.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
  mkdirSync(join(file, '..'), { recursive: true });
  mkdirSync(at('host'));
  execFileSync('objcopy', ['--only-keep-debug', program, file]);
  execFileSync('strip', ['-o', host, program]);
  mkdirSync(join(debug, id));
  copyFileSync(host, join(debug, id, 'executable'));
});

needs('root').describe('What was printed of a stripped program gets names', () => {
  /** The output of a run, in which the program has no names. */
  async function printed(mode: string, form: string): Promise<string> {
    const script = `uprobe:${host}:0x${start} { @[ustack(${mode}3)] = count(); printf("%s", ustack(${mode}3)); print(ustack(${mode}3)); }`;
    const { stdout } = await run(script, {
      unsafe: true,
      flags: ['--unsafe', '-q', '-f', form],
      workload: (loader) => runStopping(loader, host),
    });
    expect(stdout).not.toMatch(/leaf|outer/);
    return stdout;
  }

  it('in text', async () => {
    const { stdout, stderr } = symbolize(await printed('build_id, ', 'text'), '--debuginfo', debug);
    expect(stderr).toBe('');
    const lines = plain(stdout);
    expect(lines.slice(lines.indexOf('@[') + 1, lines.indexOf(']: 1'))).toEqual(STACK);
    expect(lines.slice(1, 5)).toEqual(STACK);
  });

  it('in JSON, which stays JSON', async () => {
    const { stdout } = symbolize(await printed('build_id, ', 'json'), '--debuginfo', debug);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [key] = Object.keys(messages.find(({ type }) => type === 'map').data['@']);
    expect(plain((key ?? '').trim())).toEqual(STACK);
    expect(plain(messages.find(({ type }) => type === 'printf').data.trim())).toEqual(STACK);
  });

  it.each(['', 'raw, ', 'perf, ', 'build_id, '])(
    'in json2, as frames of its schema: %s',
    async (mode) => {
      const { stdout } = symbolize(await printed(mode, 'json2'), '--debuginfo', debug);
      const messages = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(messages.filter((message) => !isTypedMessage(message))).toEqual([]);
      const stacks = [
        messages.find(({ type }) => type === 'map').data[0].key[0],
        messages.find(({ type }) => type === 'printf').values[0],
        messages.find(({ type }) => type === 'value').data,
      ];
      for (const stack of stacks) {
        expect(stack.map(({ name }: { name: string }) => name)).toEqual(NAMES);
        expect(stack[1]).toMatchObject({ file: source, line: 6, inlined: true });
        expect(stack[3]).toMatchObject({ file: source, line: 15, build_id: id });
      }
    },
  );

  it('in folded stacks', async () => {
    const { stdout } = symbolize(await printed('build_id, ', 'folded'), '--debuginfo', debug);
    expect(stdout).toBe('main;shop::outer(int);inner_[i];shop::leaf(int) 1\n');
  });

  it('when they are drawn', async () => {
    const input = at('stacks.json');
    writeFileSync(input, await printed('', 'json2'));
    const output = at('stacks.svg');
    expect(bpfscript(['draw', input, '-o', output, '--debuginfo', debug])).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    const tips = [...readFileSync(output, 'utf8').matchAll(/<title>([^<]*): 1 /g)];
    expect(tips.map(([, tip]) => tip?.replace(' [inlined]', ''))).toEqual([
      'all',
      ...[...NAMES].reverse(),
    ]);
  });

  it('from a recording', async () => {
    const file = at('calls.rec');
    await run(`uprobe:${host}:0x${start} { @[ustack(3)] = count(); }`, {
      unsafe: true,
      flags: ['record', '-o', file, '--unsafe', '-q'],
      workload: (loader) => runStopping(loader, host),
    });
    const { stdout } = bpfscript(['symbolize', file, '--debuginfo', debug]);
    const lines = plain(stdout).map((line) => line.trim());
    expect(lines.slice(lines.indexOf('@[') + 1, lines.indexOf(']: 1'))).toEqual(STACK);
    // Who pipes one is told.
    const piped = symbolize(readFileSync(file));
    expect(piped).toMatchObject({ status: 1, stdout: '' });
    expect(piped.stderr).toMatch(/^ERROR: -: it is a recording, and comes by a pipe\nHINT: /);
  });
});

describe('Addresses in a log get names', () => {
  /** What a process said, which wrote its memory map, too. */
  const said = () => execFileSync(host, ['x'], { cwd: folder, encoding: 'utf8' });
  const NAMED = [
    'tell()+0 @SOURCE:9',
    'about ADDRESS <tell()+0 @SOURCE:9>, twice',
    '#1  ADDRESS <main+N @SOURCE:15> in ?? ()',
    '',
  ];
  const withoutNumbers = (text: string) =>
    plain(text).map((line) => line.replace(/0x[0-9a-f]+/g, 'ADDRESS'));

  it('from the map that was saved, where the files are the same', () => {
    const log = said();
    const named = symbolize(log, '--maps', at('maps'), '--debuginfo', debug);
    expect(withoutNumbers(named.stdout)).toEqual(NAMED);
    expect(named.stderr).toBe('');
  });

  it('from the program that is given, and not from another one that stands there', () => {
    const log = said();
    const maps = at('other.maps');
    writeFileSync(
      maps,
      readFileSync(at('maps'), 'utf8').replace(/ \d+( +\S+\/host\/calls)/g, ' 1$1'),
    );
    const none = symbolize(log, '--maps', maps, '--debuginfo', debug);
    expect(none).toMatchObject({ stdout: log, status: 0 });
    expect(none.stderr).toBe(
      `WARNING: ${host} is another file here than the one that was mapped: it names nothing. Name the right one with --exe.\n`,
    );
    const given = symbolize(log, '--maps', maps, '--exe', program);
    expect(withoutNumbers(given.stdout)).toEqual(NAMED);
    expect(given.stderr).toBe('');
  });

  it('of the one program without a map, by its own addresses', () => {
    const { stdout } = symbolize(`a 0x${start}\n0x1\n0x7fff00000000\n`, '--exe', program);
    expect(plain(stdout)).toEqual([
      `a 0x${start} <shop::leaf(int)+0 @SOURCE:5>`,
      '0x1',
      '0x7fff00000000',
      '',
    ]);
  });

  it('of the kernel by its saved symbols, wherever it begins', () => {
    const kallsyms = at('kallsyms');
    writeFileSync(
      kallsyms,
      '0000000000001000 A counters\nffffffff81000000 T _text\nffffffff81000100 T vfs_read\nffffffffc0000000 t probe\t[net]\n',
    );
    const text =
      '@[\nffffffff81000108\n        0xffffffff81000100\n]: 1\n\tffffffffc0000004 [unknown] (x)\n';
    expect(symbolize(text, '--kallsyms', kallsyms).stdout).toBe(
      '@[\nvfs_read+8\n        vfs_read+0\n]: 1\n\tprobe+4 (x)\n'.replace(
        '\tprobe',
        '\tffffffffc0000004 probe',
      ),
    );
    const moved = text.replaceAll('ffffffff81', 'ffffffffa1');
    const flags = ['--kallsyms', kallsyms, '--kernel-base', '0xffffffffa1000000'];
    expect(symbolize(moved, ...flags).stdout).toContain('@[\nvfs_read+8\n        vfs_read+0\n');
    expect(symbolize('@;0xffffffff81000101;x 5\n', '--kallsyms', kallsyms).stdout).toBe(
      '@;vfs_read_[k];x 5\n',
    );
  });

  it('but numbers that are none stay', () => {
    const text = `printed ${start}\n401136\n{"type": "printf", "data": "4198709\\n"}\n0x\n0x${'1'.repeat(17)}\nx0x${start} ${start}x 0x${start}_ 0x${start} <known>\n`;
    expect(symbolize(text, '--exe', program).stdout).toBe(text);
  });

  it('and nobody waits for the end of a pipe', async () => {
    const script = `( echo 0x${start}; read go < ${at('go')} ) | ${LOADER_ASAN} symbolize --exe ${program} | { read line; echo "$line"; echo go > ${at('go')}; cat; }`;
    execFileSync('mkfifo', [at('go')]);
    expect(plain(execFileSync('sh', ['-c', script], { encoding: 'utf8' }))[0]).toBe(
      'shop::leaf(int)+0 @SOURCE:5',
    );
  });
});

describe('Input that is hostile costs an error, or a name', () => {
  it.each([
    [['/nonexistent'], 'ERROR: /nonexistent: cannot open it: No such file or directory', 1],
    [['/etc'], 'ERROR: /etc: cannot read it: Is a directory', 1],
    [['--exe', '/etc/passwd'], 'ERROR: /etc/passwd: it cannot be read as a program', 1],
    [['--maps', '/etc/passwd'], 'ERROR: /etc/passwd: it has no mapping of code', 1],
    [['--kallsyms', '/etc/passwd'], 'ERROR: /etc/passwd: it has no addresses of a kernel', 1],
    [['--kernel-base', '5'], '--kernel-base takes the address of _text', 2],
    [['--kernel-base', 'ffffffff81000000'], '--kernel-base goes with --kallsyms', 2],
    [['--exe', 'a', '--exe', 'b'], 'several files of --exe go with --maps', 2],
    [['a', 'b'], 'symbolize takes one file, and not b', 2],
    [['a', '--cost'], 'symbolize does not take --cost', 2],
  ] as const)('%j', (flags, message, status) => {
    const result = symbolize('', ...flags);
    expect(result.stderr).toContain(message);
    expect(result).toMatchObject({ status, stdout: '' });
  });

  it('is for symbolize alone', () => {
    const result = spawnSync(LOADER_ASAN, ['--maps', 'x', 'tool.o'], { encoding: 'utf8' });
    expect(result.stderr).toContain('only symbolize takes --maps');
    expect(result.status).toBe(2);
  });

  it('lines without an end, of any bytes, and JSON that is none come out as they are', () => {
    const bytes = Buffer.from(Array.from({ length: 65536 }, (_, i) => (i * 7919) >> 3));
    const broken = [
      '{"type": "map", "boot": 1, "data": [{"address": ',
      '{"type": "map", "boot": 1, "x": [[[[{"address": "0x1", "module": "',
      `{"type": "map", "boot": 1, "x": ${'['.repeat(100_000)}{"build_id": "zz", "file_offset": "0x1"}`,
      `{"a": "${'\\'.repeat(9999)}`,
      `{"a": "\\`,
      `${id} 0x${'f'.repeat(16)}`,
      `${'ab'.repeat(70)} 0x1`,
      ';;;; 7',
      ';0x0;;; 5',
      ' 7',
    ];
    for (const text of [...broken, `${broken.join('\n')}\n`])
      expect(symbolize(text, '--exe', program, '--debuginfo', debug)).toMatchObject({
        stdout: text,
        stderr: '',
        status: 0,
      });
    const result = spawnSync(LOADER_ASAN, ['symbolize', '--exe', program], { input: bytes });
    expect(result.stdout.equals(bytes)).toBe(true);
  });

  it('names with quotes and line feeds stay within their string', () => {
    const kallsyms = at('hostile');
    writeFileSync(kallsyms, 'ffffffff81000000 T a"}\\,<script>\n');
    const { stdout } = symbolize(
      '{"type": "value", "data": "0xffffffff81000000\\n"}\n{"type": "value", "boot": 1, "data": {"address": "0xffffffff81000000"}}\n',
      '--kallsyms',
      kallsyms,
    );
    const [text, typed] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(text.data).toBe('a"}\\,<script>+0\n');
    expect(typed.data).toEqual({
      address: '0xffffffff81000000',
      name: 'a"}\\,<script>',
      offset: 0,
    });
  });
});
