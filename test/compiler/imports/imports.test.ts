import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { resolveImports } from '../../../compiler/imports/imports.ts';
import { Diagnostics } from '../../../compiler/source/diagnostics.ts';
import { printDiagnostic } from '../../../compiler/source/render/text.ts';
import { createSources } from '../../../compiler/source/sources.ts';
import { parse } from '../../../compiler/syntax/parse.ts';
import { kernelDescription, temporaryFolder } from '../../support/build.ts';

const folder = temporaryFolder();
let count = 0;

function home(files: Readonly<Record<string, string>>): string {
  count += 1;
  const path = join(folder, String(count));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
    chmodSync(join(path, name), 0o644);
  }
  return path;
}

/** Diagnostics of a script beside these files, as they are printed. */
function printed(script: string, path: string): string {
  const { diagnostics, sources } = compile(
    { name: 'main.bt', text: script, path: join(path, 'main.bt') },
    { kernel: kernelDescription(), unsafe: false, environment: {} },
  );
  return diagnostics.map((each) => printDiagnostic(each, sources, { color: false })).join('');
}

describe('imports', () => {
  it('[GRM-020] of what anyone may write are refused', () => {
    const path = home({ 'lib.bt': 'macro m() { 1 }', 'open/a.bt': 'macro n() { 1 }' });
    chmodSync(join(path, 'lib.bt'), 0o646);
    chmodSync(join(path, 'open'), 0o777);
    expect(
      printed('import "lib.bt";\nimport "open";\nbegin { }', path),
    ).toBe(`main.bt:1:1-16: ERROR: Refusing to import world-writable file: lib.bt
import "lib.bt";
~~~~~~~~~~~~~~~
HINT: chmod o-w lib.bt lets it be imported.
main.bt:2:1-14: ERROR: Refusing to import world-writable directory: open
import "open";
~~~~~~~~~~~~~
HINT: chmod o-w open lets it be imported.
`);
  });

  it('[GRM-020] of a folder look at each file in it', () => {
    const path = home({ 'lib/a.bt': 'macro m() { 1 }' });
    chmodSync(join(path, 'lib/a.bt'), 0o666);
    expect(printed('import "lib";\nbegin { }', path)).toContain(
      'main.bt:1:1-13: ERROR: Refusing to import world-writable file: lib/a.bt\n',
    );
  });

  it('[GRM-022] bring no settings', () => {
    const path = home({ 'lib.bt': '\nconfig = { max_map_keys = 5 }\nmacro m() { 1 }' });
    expect(
      printed('import "lib.bt";\nbegin { }', path),
    ).toBe(`lib.bt:2:1-30: ERROR: config is not allowed within an import
config = { max_map_keys = 5 }
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
HINT: Settings are those of the script that is compiled.
`);
  });

  it('say which files are not there, or are no scripts', () => {
    const path = home({ 'notes.txt': '' });
    expect(
      printed('import "nowhere.bt";\nimport "notes.txt";\nbegin { }', path),
    ).toBe(`main.bt:1:1-20: ERROR: Cannot find import "nowhere.bt"
import "nowhere.bt";
~~~~~~~~~~~~~~~~~~~
HINT: Imports are relative to the script that has them; "stdlib/..." is the standard library.
main.bt:2:1-19: ERROR: Unknown import type: "notes.txt"
import "notes.txt";
~~~~~~~~~~~~~~~~~~
HINT: What can be imported: .bt, .h, .bpf.c, .bpf.o, and folders of them.
`);
  });

  it('say why something cannot be read', () => {
    const path = home({ 'folder.bt/x.txt': '' });
    symlinkSync('circle.bt', join(path, 'circle.bt'));
    expect(printed('import "circle.bt";\nimport "folder.bt";\nbegin { }', path)).toMatch(
      /^main\.bt:1:1-19: ERROR: Cannot read import "circle\.bt": ELOOP: .*\nimport "circle\.bt";\n~+\n$/,
    );
  });

  it('are text: other encodings are refused, and a mark of the encoding is no character', () => {
    const path = home({ 'lib/marked.bt': '\ufeffmacro m() { 1 }' });
    writeFileSync(join(path, 'lib/latin.bt'), Buffer.from('// \n// caf\xe9\n', 'latin1'));
    expect(printed('import "lib";\nbegin { print(m()); }', path)).toBe(
      `main.bt:1:1-13: ERROR: Cannot read import "lib/latin.bt": line 2 is not UTF-8
import "lib";
~~~~~~~~~~~~
HINT: \`iconv -t UTF-8\` converts a text; '\\xe9' writes any byte in a string.
`,
    );
  });

  it('lead errors to their file: of syntax, and of types', () => {
    const path = home({
      'lib/bad.bt': 'macro m() { 1 }\nbegin { let 5; }',
      'lib/types.bt': '// é\nbegin { $a = 1; $a = "x"; }',
    });
    expect(printed('import "lib/bad.bt";\nbegin { }', path)).toMatch(
      /^lib\/bad\.bt:2:13-14: ERROR: syntax: .*\nbegin \{ let 5; \}\n {12}~\n$/,
    );
    expect(printed('import "lib/types.bt";\nbegin { }', path)).toMatch(
      /^lib\/types\.bt:2:22-25: ERROR: Type mismatch for \$a/,
    );
  });

  it('hand headers and BPF code on to those who read them, each once', () => {
    const path = home({
      'lib/a.h': '',
      'lib/b.bpf.o': '',
      'lib/c.bpf.c': '',
      'lib/d.bt': 'import "a.h";',
      'lib/plain.o': '',
    });
    const text = 'import "lib";\nimport "lib/a.h";\nbegin { }';
    const source = { name: 'main.bt', text, path: join(path, 'main.bt') };
    const diagnostics = new Diagnostics();
    const tree = parse(source, diagnostics);
    if (!tree) throw new Error('does not parse');
    const imported = resolveImports(tree, { sources: createSources(source), diagnostics });
    expect(diagnostics.all).toEqual([]);
    const range = { start: 0, end: 12 };
    expect(imported.headers).toEqual([{ path: join(path, 'lib/a.h'), range }]);
    expect(imported.objects).toEqual([
      { path: join(path, 'lib/b.bpf.o'), range },
      { path: join(path, 'lib/c.bpf.c'), range },
    ]);
    expect(imported.program.imports).toEqual([]);
  });

  /** What a script brings of these files: its items by their names, headers and objects, and files that were read. */
  function brought(script: string, files: Readonly<Record<string, string>>) {
    const path = home(files);
    const source = { name: 'main.bt', text: script, path: join(path, 'main.bt') };
    writeFileSync(source.path, script);
    const diagnostics = new Diagnostics();
    const tree = parse(source, diagnostics);
    if (!tree) throw new Error('does not parse');
    const seen: string[] = [];
    const imported = resolveImports(tree, {
      sources: createSources(source),
      diagnostics,
      onFile: (file) => seen.push(relative(path, file)),
    });
    const { program, headers, objects } = imported;
    return {
      tree,
      program,
      seen,
      items: program.items.map((item) => ('name' in item ? item.name : item.kind)),
      files: [...headers, ...objects].map((file) => relative(path, file.path)),
      messages: diagnostics.all.map(({ message }) => message),
    };
  }
  const macro = (name: string) => `macro ${name}() { 1 }`;

  it('stand before what is behind them, in the order in which they are written', () => {
    const { items, seen, messages } = brought(
      `import "b.bt"; import "a.bt"; ${macro('own')} begin { }`,
      { 'a.bt': macro('a'), 'b.bt': `import "c.bt"; ${macro('b')}`, 'c.bt': macro('c') },
    );
    expect(messages).toEqual([]);
    expect(items).toEqual(['c', 'b', 'a', 'own', 'probe']);
    expect(seen).toEqual(['b.bt', 'c.bt', 'a.bt']);
  });

  it('of folders bring what is in them, sorted, and nothing of folders in them', () => {
    const { items, files, seen } = brought('import "lib"; begin { }', {
      'lib/b.bt': macro('b'),
      'lib/a.bt': macro('a'),
      'lib/.bt': 'nonsense',
      'lib/text.txt': 'nonsense',
      'lib/deep/c.bt': macro('c'),
      'lib/folder.bt/x': '',
      'lib/x.h': '',
    });
    expect(items).toEqual(['a', 'b', 'probe']);
    expect(files).toEqual(['lib/x.h']);
    expect(seen).toEqual(['lib', 'lib/a.bt', 'lib/b.bt', 'lib/x.h']);
  });

  it('bring a file once, by whatever name, and never the script itself', () => {
    const { items, messages } = brought(
      'import "a.bt"; import "./sub/../a.bt"; import "sub"; import "main.bt"; begin { }',
      {
        'a.bt': `import "b.bt"; import "main.bt"; ${macro('a')}`,
        'b.bt': 'import "a.bt";',
        'sub/x.bt': 'import "../a.bt";',
      },
    );
    expect(messages).toEqual([]);
    expect(items).toEqual(['a', 'probe']);
  });

  it('are relative to the file that has them, or absolute', () => {
    const { items } = brought('import "sub/a.bt"; begin { }', {
      'sub/a.bt': 'import "b.bt";',
      'sub/b.bt': macro('right'),
      'b.bt': macro('wrong'),
    });
    expect(items).toEqual(['right', 'probe']);
    const path = home({ 'x.bt': macro('x') });
    expect(brought(`import "${join(path, 'x.bt')}"; begin { }`, {}).items).toEqual(['x', 'probe']);
  });

  it('may stand in blocks, and bring the same', () => {
    const { items, files } = brought('begin { import "a.bt"; } end { if (1) { import "x.h"; } }', {
      'a.bt': macro('a'),
      'x.h': '',
    });
    expect(items).toEqual(['a', 'probe', 'probe']);
    expect(files).toEqual(['x.h']);
  });

  it('leave a script alone that has none', () => {
    const { tree, program } = brought('begin { print("import"); }', {});
    expect(program).toBe(tree);
  });

  it('bring C before the script’s own', () => {
    const { program } = brought('import "a.bt";\nstruct own { int x; }\nbegin { }', {
      'a.bt': 'struct first { int x; }',
    });
    expect(program.preamble).toHaveLength(2);
    const [first, own] = program.preamble;
    expect(JSON.stringify(first)).toContain('first');
    expect(JSON.stringify(own)).toContain('own');
  });

  it('find the standard library, of which nothing has to be read', () => {
    const { items, files, messages } = brought(
      'import "stdlib/pointers.bt"; import "stdlib/strings.bt"; begin { }',
      {},
    );
    expect([items, files, messages]).toEqual([['probe'], [], []]);
    // A file of one's own goes before it.
    expect(
      brought('import "stdlib/pointers.bt"; begin { }', { 'stdlib/pointers.bt': macro('mine') })
        .items,
    ).toEqual(['mine', 'probe']);
    expect(brought('import "pointers.bt"; begin { }', {}).messages).toEqual([
      'Cannot find import "pointers.bt"',
    ]);
  });

  it('find the standard library', () => {
    expect(printed('import "stdlib/pointers.bt";\nbegin { print(is_err(1)); }', home({}))).toBe('');
  });
});
