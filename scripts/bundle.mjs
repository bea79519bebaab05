/**
 * Bundles the command into dist/parts, one file for each of the ways in which it begins: called by build.sh.
 *
 * esbuild divides the command where it imports something when it is needed, which it does for modules of ECMAScript only;
 * as CommonJS they start sooner. Opening each of the eighty parts by itself takes longer than reading a file of those that
 * are used together, so that is what is written: `(function () { return { './part.js': function (exports, require, module,
 * __filename, __dirname) { ... }, './other.js': './file.cjs', ... }; })`, where the first file says where others are
 * (compiler/cli/bundle.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, transform } from 'esbuild';

const [folder] = process.argv.slice(2);
const COMMANDS = 'compiler/cli/commands';
/** What a file begins with: all that it imports at once is in it, unless a file before has it. The last takes the rest. */
const FILES = [
  ['first.cjs', ['compiler/cli/main.ts', `${COMMANDS}/run.ts`, `${COMMANDS}/list.ts`]],
  [
    'compiling.cjs',
    [
      ...[
        'compiler/cli/compiling.ts',
        'compiler/cli/emit.ts',
        'compiler/cli/kernel.ts',
        'linker/inspect.ts',
      ],
      ...[`${COMMANDS}/build.ts`, `${COMMANDS}/check.ts`, `${COMMANDS}/fmt.ts`],
    ],
  ],
  ['others.cjs', undefined],
];

const { metafile, outputFiles } = await build({
  entryPoints: ['compiler/cli/main.ts'],
  ...{ bundle: true, splitting: true, platform: 'node', format: 'esm', charset: 'ascii' },
  ...{ minify: true, legalComments: 'external', sourcemap: 'inline', sourcesContent: false },
  define: { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' },
  ...{ outdir: 'dist/parts', write: false, metafile: true, logLevel: 'warning' },
});
const outputs = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.js'));
const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));

function importedBy(entries) {
  const found = new Set();
  const open = outputs.filter(([, { entryPoint }]) => entries.includes(entryPoint));
  if (open.length < entries.length) throw new Error(`not all are imported alone: ${entries}`);
  const files = open.map(([file]) => file);
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const { path, kind } of metafile.outputs[file].imports)
      if (kind === 'import-statement' && path in metafile.outputs) files.push(path);
  }
  return [...found];
}

/** By the parts' names. */
const places = new Map();
for (const [place, entries] of FILES)
  for (const file of entries ? importedBy(entries) : outputs.map(([name]) => name))
    if (!places.has(basename(file))) places.set(basename(file), place);

mkdirSync(folder, { recursive: true });
for (const [place] of FILES) {
  const lines = ['(function(){return{'];
  const sections = [];
  for (const [name, of] of places) {
    if (of !== place) {
      if (place === FILES[0][0]) lines.push(`"./${name}":"./${of}",`);
      continue;
    }
    const { code, map } = await transform(texts.get(name), {
      ...{ format: 'cjs', platform: 'node', charset: 'ascii', minify: true, sourcefile: name },
      ...{ sourcemap: 'external', sourcesContent: false, logLevel: 'error' },
      supported: { 'dynamic-import': false },
    });
    lines.push(`"./${name}":function(exports,require,module,__filename,__dirname){`);
    sections.push({ offset: { line: lines.length, column: 0 }, map: JSON.parse(map) });
    lines.push(...code.trimEnd().split('\n'), '},');
  }
  lines.push('}})');
  writeFileSync(`${folder}/${place}`, `${lines.join('\n')}\n`);
  writeFileSync(`${folder}/${place}.map`, JSON.stringify({ version: 3, sections }));
}
const notices = [...texts].filter(([name]) => name.endsWith('LEGAL.txt'));
writeFileSync(`${folder}/LEGAL.txt`, notices.map(([, text]) => text).join(''));
