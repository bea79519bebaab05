/** `build`, `explore`, `inspect` and `explain`: the same as the compiler gives, where it was asked for. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIAGNOSTIC_CODES, kindOf } from '../../../compiler/source/codes.ts';
import { tokenize } from '../../../compiler/syntax/parse.ts';
import { inspectObject } from '../../../linker/inspect.ts';
import { build, compileText, temporaryFolder } from '../../support/build.ts';
import { runHere } from '../../support/command-here.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const here = (...words: readonly string[]) => runHere(words, { cwd: folder });
const SCRIPT =
  'begin { @x = count(); printf("%d", 5); }\ntracepoint:syscalls:sys_enter_close { exit(); }\n';
writeFileSync(at('tool.bt'), SCRIPT);
const DONE = { stdout: '', stderr: '', status: 0 };
const refused = async (...words: readonly string[]) => {
  const { stdout, stderr, status } = await here(...words);
  expect(stdout).toBe('');
  return [stderr.split('\n')[0]?.replace('ERROR: ', ''), status];
};

describe('build', () => {
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}` : part)));

  it('writes each stage as the compiler has it', async () => {
    const made = compileText(SCRIPT);
    const emitted = async (stage: string): Promise<string> => {
      const { stdout, stderr, status } = await here('build', '-e', SCRIPT, '--emit', stage);
      expect([stderr, status]).toEqual(['', 0]);
      return stdout;
    };
    expect(await emitted('tokens')).toBe(
      tokenize({ name: 'stdin', text: SCRIPT })
        .map(({ line, column, type, text }) => `${line}:${column}\t${type}\t${text}\n`)
        .join(''),
    );
    expect(JSON.parse(await emitted('ast'))).toEqual(plain(made.ast));
    expect(JSON.parse(await emitted('typed'))).toEqual(plain(made.typed));
    expect(await emitted('ir')).toBe(made.ir?.());
    expect(await emitted('ir-opt')).toBe(made.optimisedIr?.());
    expect(await emitted('asm')).toBe(made.assembly?.());
    const object = made.object?.() ?? new Uint8Array();
    const { btfText, manifest } = inspectObject(object);
    expect(await emitted('btf')).toBe(btfText);
    expect(JSON.parse(await emitted('manifest'))).toEqual(plain(manifest));
    const { stdout } = await here('build', '-e', SCRIPT, '-o', '-');
    expect(Buffer.from(stdout, 'latin1').equals(object)).toBe(true);
  });

  it('puts an object beside the caller, and what it is asked for where it says', async () => {
    mkdirSync(at('below'), { recursive: true });
    writeFileSync(at('below/inner.bt'), SCRIPT);
    expect(await here('build', 'below/inner.bt')).toEqual(DONE);
    expect([existsSync(at('inner.o')), existsSync(at('below/inner.o'))]).toEqual([true, false]);
    const { stdout } = await here('build', 'below/inner.bt', '-o', '-');
    expect(readFileSync(at('inner.o'), 'latin1')).toBe(stdout);
    expect(await here('build', 'tool.bt', '--emit', 'ast', '-o', 'tool.ast')).toEqual(DONE);
    expect(JSON.parse(readFileSync(at('tool.ast'), 'utf8')).kind).toBe('program');
    expect(existsSync(at('tool.o'))).toBe(false);
    expect(await refused('build', '-e', SCRIPT)).toEqual([
      ...['where should the object go? Name it with -o FILE.', 2],
    ]);
  });

  it('writes a rule of make beside the object, and a bill of materials, of objects in files', async () => {
    expect(await here('build', '-MD', 'tool.bt', '-o', 'ruled.o', '--sbom', 'bill.json')).toEqual(
      DONE,
    );
    expect(readFileSync(at('ruled.d'), 'utf8')).toMatch(/^ruled\.o: \\\n {2}tool\.bt \\\n/);
    expect(JSON.parse(readFileSync(at('bill.json'), 'utf8'))).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { name: 'ruled.o' } },
    });
    expect(await here('build', '-MF', 'named.d', 'tool.bt', '-o', 'ruled')).toEqual(DONE);
    expect(readFileSync(at('named.d'), 'utf8')).toMatch(/^ruled: \\\n {2}tool\.bt \\\n/);
    const toOutput = await here('build', '-e', SCRIPT, '-o', 'x.o', '--sbom', '-');
    expect(JSON.parse(toOutput.stdout).bomFormat).toBe('CycloneDX');
    const OBJECTS = ['-MD and -MF are for objects that are written to files', 2];
    expect(await refused('build', '-MD', 'tool.bt', '-o', '-')).toEqual(OBJECTS);
    expect(await refused('build', '-MD', 'tool.bt', '-o', 'x', '--emit', 'ir')).toEqual(OBJECTS);
    expect(await refused('build', 'tool.bt', '--emit', 'ir', '--sbom', 'x')).toEqual([
      ...['--sbom is for objects', 2],
    ]);
    expect(await refused('build', 'tool.bt', '-o', '-', '--sbom', '-')).toEqual([
      ...['--sbom and -o both name standard output', 2],
    ]);
  });

  it('watches files alone, and lists the probes of patterns', async () => {
    for (const words of [['-'], ['-e', SCRIPT, '-o', 'x.o'], []])
      expect(await refused('build', '--watch', ...words)).toEqual([
        ...['--watch needs a script that is a file', 2],
      ]);
    expect((await refused('build', '--watch', 'missing.bt'))[1]).toBe(1);
    const text = 'begin { } tracepoint:syscalls:sys_*_close { }';
    expect(await here('build', '--expand', '-e', text)).toEqual({
      ...DONE,
      stdout: 'tracepoint:syscalls:sys_enter_close\ntracepoint:syscalls:sys_exit_close\n',
    });
    expect((await refused('build', '--expand', '-e', 'begin {'))[1]).toBe(1);
  });

  it('says how long stages took only where it is asked', async () => {
    const { stderr } = await here('build', '-e', SCRIPT, '-o', 'timed.o', '--timings');
    const rows = [...stderr.matchAll(/^(\S.*?) +(\d+\.\d) ms$/gm)];
    expect(rows.map(([, stage]) => stage)).toEqual(
      expect.arrayContaining(['starting', 'making the object']),
    );
    expect(rows).toHaveLength(stderr.trimEnd().split('\n').length);
    expect(new Set(rows.map(([row]) => row.length)).size).toBe(1);
    expect((await here('build', '-e', SCRIPT, '-o', 'timed.o')).stderr).toBe('');
  });

  it('keeps warnings and what is unsafe from who did not ask for them', async () => {
    const warned = 'begin { return; printf("x"); }';
    const unsafe = 'begin { system("true"); }';
    expect((await here('build', '-e', unsafe, '-o', 'unsafe.o')).status).toBe(1);
    expect(await here('build', '-e', unsafe, '-o', 'unsafe.o', '--unsafe')).toEqual(DONE);
    const { stderr } = await here('check', '-e', warned);
    const codes = [...stderr.matchAll(/WARNING: .* \[([\w-]+)\]$/gm)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(0);
    const allowed = codes.flatMap((code) => ['--allow', code]);
    expect(await here('check', '-e', warned, ...allowed)).toEqual(DONE);
    expect(await here('check', '-e', warned, '--no-warnings')).toEqual(DONE);
    expect((await refused('check', '-e', warned, '--allow', 'nonsense'))[1]).toBe(2);
  });
});

describe('explore', () => {
  it('is a page of the script, beside the caller or where it says', async () => {
    expect(await here('explore', 'tool.bt')).toEqual(DONE);
    const page = readFileSync(at('tool.html'), 'utf8');
    expect(page).toContain('sys_enter_close');
    const { stdout } = await here('explore', 'tool.bt', '-o', '-');
    expect(stdout).toBe(Buffer.from(page).toString('latin1'));
    expect((await refused('explore', '-e', SCRIPT))[0]).toBe(
      'where should the page go? Name it with -o FILE.',
    );
    expect((await refused('explore', '-e', 'begin { nope(); }', '-o', 'wrong.html'))[1]).toBe(1);
    expect(existsSync(at('wrong.html'))).toBe(false);
  });

  it('shows what hosts said: the verifier, costs; and refuses what they did not', async () => {
    writeFileSync(at('log.txt'), 'the verifier said so');
    const shown = await here('explore', 'tool.bt', '-o', '-', '--verifier', 'log.txt');
    expect([shown.stderr, shown.status]).toEqual(['', 0]);
    writeFileSync(at('none.json'), '{"type":"time"}\n');
    expect(await refused('explore', 'tool.bt', '-o', 'x.html', '--cost', 'none.json')).toEqual([
      ...['--cost: none.json has no line of type cost', 1],
    ]);
    const [message, status] = await refused(
      'explore',
      'tool.bt',
      '-o',
      'x.html',
      '--loaded',
      'log.txt',
    );
    expect([message, status]).toEqual([expect.stringMatching(/^--loaded: log\.txt: ./), 1]);
    expect((await refused('explore', 'tool.bt', '-o', 'x.html', '--verifier', 'gone'))[0]).toBe(
      'cannot read gone: no such file or directory',
    );
    expect(existsSync(at('x.html'))).toBe(false);
  });
});

describe('inspect', () => {
  it('has a text, JSON and a page of what an object holds', async () => {
    const bytes = build(SCRIPT);
    writeFileSync(at('seen.o'), bytes);
    const json = await here('inspect', '--json', 'seen.o');
    const { manifest } = JSON.parse(json.stdout);
    expect(manifest).toEqual(JSON.parse(JSON.stringify(inspectObject(bytes).manifest)));
    const text = await here('inspect', 'seen.o');
    expect([text.stderr, text.status]).toEqual(['', 0]);
    expect(text.stdout).toContain('tracepoint:syscalls:sys_enter_close');
    const html = await here('inspect', '--html', 'seen.o');
    expect(html.stdout).toMatch(/^<!doctype html>/i);
    expect(html.stdout).toContain('seen.o');
    expect((await refused('inspect', '--html', '--json', 'seen.o'))[1]).toBe(2);
    expect(await refused('inspect', 'tool.bt')).toEqual([
      expect.stringMatching(/^tool\.bt is not an object of bpfscript: /),
      5,
    ]);
  });
});

describe('explain', () => {
  it('lists all codes in columns, and tells one with its severity', async () => {
    const { stdout } = await here('explain');
    const rows = stdout.trimEnd().split('\n');
    expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual([...DIAGNOSTIC_CODES]);
    const width = Math.max(...DIAGNOSTIC_CODES.map(({ length }) => length));
    for (const [index, code] of DIAGNOSTIC_CODES.entries()) {
      const { severity, explanation } = kindOf(code);
      expect(rows[index]?.slice(width + 2, width + 9).trim()).toBe(severity);
      expect(rows[index]?.slice(width + 11)).toBe(explanation);
    }
    const one = await here('explain', 'unknown-identifier');
    expect(one.stdout).toMatch(/^unknown-identifier \(error\)\n\n\S/);
    expect(await here('explain', 'unknown-identifer')).toEqual({
      ...{ stdout: '', status: 2 },
      stderr:
        "ERROR: 'unknown-identifer' is not the code of an error or a warning\nHINT: Did you mean 'unknown-identifier'?\n",
    });
    expect((await here('explain', 'zzzzzzzzzzzzzz')).stderr).toContain(
      'HINT: `bpfscript explain` lists all codes\n',
    );
  });
});
