/** The passes in their order: each ends with what it has, and none begins behind errors. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../../compiler/compile.ts';
import { LimitError } from '../../compiler/limits.ts';
import { inspectObject } from '../../linker/inspect.ts';
import { kernelDescription, temporaryFolder } from '../support/build.ts';
import { needs } from '../support/needs.ts';

const folder = temporaryFolder();
writeFileSync(join(folder, 'bad.bpf.o'), 'no object, but long enough for one '.repeat(9));
writeFileSync(join(folder, 'more.bt'), 'macro more() { 7 }\ninterval:s:1 { @more = count(); }\n');

const PASSES = [
  ...['reading the script', 'imports', 'definitions of C', 'imported code', 'lists of probes'],
  ...['macros', 'analysis', 'metrics', 'generating code'],
];

function compiled(text: string, options: Partial<CompileOptions> = {}) {
  const stages: string[] = [];
  const times: number[] = [];
  const compilation = compile(
    { name: 'script.bt', text, path: join(folder, 'script.bt') },
    {
      ...{ kernel: kernelDescription(), unsafe: false, environment: {} },
      onStage: (stage, milliseconds) => {
        stages.push(stage);
        times.push(milliseconds);
      },
      ...options,
    },
  );
  return { ...compilation, stages, times };
}
const codes = (text: string, options?: Partial<CompileOptions>) =>
  compiled(text, options).diagnostics.map(({ code }) => code);

describe('passes', () => {
  it('are told one after the other with what they took, and the object once somebody asks', () => {
    const { stages, times, object } = compiled('begin { exit(); }');
    expect(stages).toEqual(PASSES);
    expect(object?.().length).toBeGreaterThan(500);
    expect(stages).toEqual([...PASSES, 'making the object', 'linking']);
    // A clock may stand still meanwhile.
    expect(times.every((each) => each >= 0 && each < 600_000)).toBe(true);
    expect(times.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0);
  });

  it.each<[string, string, string, readonly string[]]>([
    ['reading the script', 'syntax-error', 'begin { $a = ; }', []],
    ['imports', 'missing-import', 'import "none.bt"; begin { }', ['ast']],
    [
      'definitions of C',
      'c-error',
      'struct a { int };\nbegin { print(sizeof(struct a)); }',
      ['ast'],
    ],
    ['imported code', 'imported-object', 'import "bad.bpf.o"; begin { }', ['ast']],
    [
      'lists of probes',
      'invalid-list',
      'config = { unstable_probe_lists = enable } for $f : () { begin { } }',
      ['ast'],
    ],
    ['macros', 'macro-arguments', 'macro m($a) { 1 } begin { m(1, 2); }', ['ast']],
    ['analysis', 'type-mismatch', 'begin { $a = 1; $a = "x"; }', ['ast']],
    ['metrics', 'invalid-metric', '// bpfscript: metric @none x\nbegin { }', ['ast', 'typed']],
  ])('end with %s where that finds an error', (pass, code, text, made) => {
    const { stages, diagnostics, sources, times: _, ...rest } = compiled(text);
    expect(stages).toEqual(PASSES.slice(0, PASSES.indexOf(pass) + 1));
    expect(diagnostics.map((each) => each.code)).toEqual([code]);
    expect(sources.main.text).toBe(text);
    expect(Object.keys(rest).sort()).toEqual(made);
  });

  it('give each form of the code, whichever is asked for first', () => {
    const { ir, optimisedIr, assembly, typed, ast } = compiled('begin { @n = 42; exit(); }');
    expect(assembly?.()).toContain('\texit\n');
    expect(optimisedIr?.()).toMatch(/^define .*begin/m);
    expect(ir?.()).toMatch(/^define .*begin/m);
    expect(ir?.()).not.toBe(optimisedIr?.());
    expect(typed?.probes).toHaveLength(1);
    // As it was written.
    expect(ast?.items).toHaveLength(1);
  });

  it('keep the script as it was written beside what becomes of it', () => {
    const { ast, typed } = compiled('import "more.bt";\nbegin { print(more()); }');
    expect([ast?.imports.length, ast?.items.length, typed?.probes.length]).toEqual([1, 1, 2]);
  });
});

describe('what is read', () => {
  it('is told, and nothing has to listen', () => {
    const files: string[] = [];
    const text = 'import "more.bt";\nbegin { exit(); }';
    compiled(text, { onFile: (path) => void files.push(path) });
    expect(files).toEqual([join(folder, 'more.bt')]);
    expect(codes(text)).toEqual([]);
  });

  needs('clang').it('are headers that the command line names, in folders that it names', () => {
    writeFileSync(join(folder, 'one.h'), '#include "two.h"\n#define ONE (TWO - 1)\n');
    writeFileSync(join(folder, 'two.h'), '#define TWO 2\nstruct two { int a, b; };\n');
    const files: string[] = [];
    const { diagnostics, object } = compiled('begin { print((ONE, sizeof(struct two))); }', {
      ...{ headers: [join(folder, 'one.h')], includeFolders: [folder] },
      onFile: (path) => void files.push(path),
    });
    expect(diagnostics).toEqual([]);
    expect(object).toBeDefined();
    expect(files).toEqual(
      expect.arrayContaining(['one.h', 'two.h'].map((name) => join(folder, name))),
    );
  });
});

describe('an object that nobody may have', () => {
  needs('clang').it('is an error once it is asked for, unless it is allowed', () => {
    const code =
      'int harm(void *ctx) { *(volatile long *)(ctx + 80) = 1; return 0; }\nchar LICENSE[] __attribute__((section("license"), used)) = "GPL";\n';
    writeFileSync(join(folder, 'harm.bpf.c'), code);
    const text = 'import "harm.bpf.c";\nuprobe:/bin/true:main { @ = harm(ctx); }';
    const { object, sources, diagnostics, stages } = compiled(text);
    expect(diagnostics).toEqual([]);
    let error: unknown;
    try {
      object?.();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({
      sources,
      message: 'imported code changes registers of processes: harm() has a store to its context',
      diagnostics: [{ severity: 'error', code: 'unsafe' }],
    });
    expect(stages.at(-1)).toBe('linking');
    const allowed = compiled(text, { unsafe: true }).object?.() ?? new Uint8Array();
    expect(inspectObject(allowed).outside).toMatchObject([{ effect: 'registers', who: 'harm' }]);
    // So it is where that shows at once: by the helper that code calls.
    const strike =
      'static long (*bpf_send_signal)(unsigned int) = (void *)109; int strike(int a) { return bpf_send_signal(a); }\n';
    writeFileSync(join(folder, 'strike.bpf.c'), `${strike}${code.slice(code.indexOf('char'))}`);
    const calling = 'import "strike.bpf.c";\nuprobe:/bin/true:main { @ = strike(9); }';
    expect(codes(calling)).toEqual(['unsafe']);
    expect(codes(calling, { unsafe: 'run' })).toEqual(['unsafe']);
    expect(codes(calling, { unsafe: true })).toEqual([]);
    // Leave for commands is none for that.
    expect(() => compiled(text, { unsafe: 'run' }).object?.()).toThrow(LimitError);
  });
});

describe('what is told', () => {
  const SCRIPT = 'tracepoint:syscalls:sys_enter_openat { args->flags; }';
  const BOTH = ['args-arrow', 'discarded-value'];

  it('is silenced by comments of the line, each for its code', () => {
    const told = (text: string) => codes(text).sort();
    expect(told(SCRIPT)).toEqual(BOTH);
    expect(told(`${SCRIPT} // bpfscript: allow(args-arrow)`)).toEqual(['discarded-value']);
    expect(told(`// bpfscript: allow(discarded-value)\n${SCRIPT}`)).toEqual(['args-arrow']);
    expect(told(`${SCRIPT} // bpfscript: allow(args-arrow, discarded-value)`)).toEqual([]);
    // Of another line.
    expect(told(`${SCRIPT}\nend { } // bpfscript: allow(args-arrow)`)).toEqual(BOTH);
    expect(told(`end { } // bpfscript: allow(args-arrow)\n${SCRIPT}`)).toEqual(BOTH);
  });

  it('is silenced where a macro is used, and where it is written', () => {
    const use = (at: string, written = '') =>
      codes(`macro m($a) {${written}\n  $a + 1;\n  2\n}\nbegin { $n = 1; print(m($n)); }${at}`);
    const allow = ' // bpfscript: allow(discarded-value)';
    expect(use('')).toEqual(['discarded-value']);
    expect(use(allow)).toEqual([]);
    expect(use('', `\n${allow}`)).toEqual([]);
  });

  it('are errors, whatever is allowed', () => {
    expect(codes('begin { $a = 1; $a = "x"; } // bpfscript: allow(discarded-value)')).toEqual([
      'type-mismatch',
    ]);
  });

  it('is no warning of the standard library', () => {
    const { diagnostics, sources } = compiled(
      'begin { print(strstr("haystack", "hay")); exit(); }',
    );
    expect(diagnostics.filter(({ range }) => range && sources.place(range).source.library)).toEqual(
      [],
    );
  });
});
