/** Puts together what `bpfscript explore` shows. */
import type { Inspection } from '../../linker/inspect/inspection.ts';
import type { TypedProgram } from '../analysis/typed.ts';
import { disassemble } from '../llvm/disassembler.ts';
import type { Sources } from '../source/sources.ts';
import type { Dump } from './dump.ts';
import type { ExploredColumn, ExploredSource } from './exploration.ts';
import { measuredCosts, type readCost, verifierLines } from './host.ts';
import { assemblyLines, irLines, lineCosts } from './listings.ts';
import { dumpedLines, loadedColumns, loadedTables } from './loaded.ts';
import { renderPage } from './page.ts';
import { tablesOf } from './tables.ts';
import { treeLines } from './tree.ts';

export interface Explored {
  readonly sources: Sources;
  readonly typed: TypedProgram;
  readonly ir: string;
  readonly optimisedIr: string;
  readonly assembly: string;
  readonly inspection: Inspection;
  /** What `bpfload -d verifier` printed on a host. */
  readonly verifier?: string | undefined;
  /** Rows of `bpfload --cost -f json`. */
  readonly cost?: ReturnType<typeof readCost>;
  /** What `bpfload --dump` wrote. */
  readonly loaded?: Dump | undefined;
}

/** The page, as HTML. Throws ForeignDump where `loaded` is of another script. */
export function explore(explored: Explored): string {
  const { sources, typed, inspection, cost, loaded } = explored;
  const files = sourcesOf(sources);
  const symbols = new Set([...typed.functions, ...typed.probes].map(({ symbol }) => symbol));
  const isOfScript = (symbol: string): boolean => symbols.has(symbol);
  const blockOf = blocksOf(typed, sources);
  const assembly = assemblyLines(explored.assembly, isOfScript);
  const costs = lineCosts(assembly);
  const columns: ExploredColumn[] = [
    { title: 'typed tree', lines: treeLines(typed, sources) },
    { title: 'IR', lines: irLines(explored.ir, isOfScript) },
    { title: 'optimised IR', lines: irLines(explored.optimisedIr, isOfScript) },
    { title: 'BPF', lines: assembly },
  ];
  const verifier = explored.verifier ?? loaded?.verifier;
  if (verifier !== undefined)
    columns.push({ title: 'verifier', lines: verifierLines(verifier, files, blockOf) });
  if (loaded)
    columns.push(
      ...loadedColumns(
        { dump: loaded, lineOf: dumpedLines(loaded, files, blockOf), isOfScript, disassemble },
        inspection,
      ),
    );
  return renderPage(
    {
      name: sources.main.name,
      sources: files,
      costs,
      measured: cost ? measuredCosts(cost, typed, sources) : new Map(),
      columns,
      tables: [...(loaded ? loadedTables(loaded, inspection) : []), ...tablesOf(inspection, costs)],
    },
    blockOf,
  );
}

/** The script and what it imports; the standard library only where code comes from it is found by its own lines. */
function sourcesOf(sources: Sources): readonly ExploredSource[] {
  let firstLine = 1;
  return sources.files().map(({ name, text }) => {
    const lines = text.split('\n');
    const source = { name, firstLine, lines: lines.at(-1) === '' ? lines.slice(0, -1) : lines };
    firstLine += lines.length;
    return source;
  });
}

/** Which block a line of the script is in. */
function blocksOf(typed: TypedProgram, sources: Sources): (line: number) => number | undefined {
  const blocks = new Map<number, number>();
  [...typed.functions, ...typed.probes].forEach(({ range, body }, index) => {
    const last = sources.globalPosition(body.range.end).line;
    for (let line = sources.globalPosition(range.start).line; line <= last; line++)
      if (!blocks.has(line)) blocks.set(line, index);
  });
  return (line) => blocks.get(line);
}

/** The same of an object, without the script that it was made of. */
export function exploreObject(name: string, inspection: Inspection): string {
  const lines = (text: string): ExploredColumn['lines'] =>
    text.split('\n').map((line) => ({ text: line }));
  return renderPage(
    {
      name,
      sources: [],
      costs: new Map(),
      measured: new Map(),
      columns: [
        { title: 'manifest', lines: lines(JSON.stringify(inspection.manifest, null, 2)) },
        { title: 'types', lines: lines(inspection.btfText) },
      ],
      tables: tablesOf(inspection, new Map()),
    },
    () => undefined,
  );
}
