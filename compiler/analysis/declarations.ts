/** Maps as the program's outcome: declarations (`let @m = hash(N)`), sizes, and their checks. */

import { didYouMean } from '../source/closest.ts';
import type { Diagnostics } from '../source/diagnostics.ts';
import type * as ast from '../syntax/ast.ts';
import { KEYLESS, tooLongForHash } from '../types/series.ts';
import { isAggregate } from '../types/type.ts';
import type { Round } from './state.ts';
import type { MapSymbol } from './typed.ts';

type DeclaredKind = Exclude<MapSymbol['declared'], undefined>;

const KINDS: readonly DeclaredKind[] = ['hash', 'lruhash', 'percpuhash', 'percpulruhash'];

interface Declaration {
  readonly node: ast.MapDeclaration;
  readonly kind: DeclaredKind;
}

/** The valid declarations, by map. */
export function readDeclarations(
  program: ast.Program,
  diagnostics: Diagnostics,
): ReadonlyMap<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  for (const item of program.items) {
    if (item.kind !== 'map-declaration') continue;
    const kind = KINDS.find((candidate) => candidate === item.mapKind);
    if (!kind) {
      diagnostics.error(
        'map-kind',
        `Invalid bpf map type: ${item.mapKind}`,
        item.mapKindRange,
        ...didYouMean(item.mapKind, KINDS, item.mapKindRange),
        `Valid map types: ${KINDS.join(', ')}`,
      );
      continue;
    }
    if (declarations.has(item.map)) {
      diagnostics.error('redefinition', `${item.map} is declared more than once`, item.range);
      continue;
    }
    if (item.maxEntries < 1n || item.maxEntries > 0xffff_ffffn) {
      diagnostics.error(
        'map-size',
        `${item.map}: the number of entries must be between 1 and 4294967295`,
        item.range,
      );
      continue;
    }
    declarations.set(item.map, { node: item, kind });
  }
  return declarations;
}

/** The program's maps in order of first use. */
export function mapSymbols(
  round: Round,
  declarations: ReadonlyMap<string, Declaration>,
): readonly MapSymbol[] {
  for (const [name, { node }] of declarations) {
    if (!round.maps.has(name))
      round.diagnostics.warning('unused-map', `Unused map: ${name}`, node.range);
  }
  const symbols: MapSymbol[] = [];
  for (const use of round.maps.values()) {
    if (!use.value) continue;
    const declaration = declarations.get(use.name);
    const entries = use.key ? round.config.maxMapKeys : 1;
    const symbol: MapSymbol = {
      name: use.name,
      key: use.key?.type,
      value: use.value.type,
      maxEntries: declaration ? Number(declaration.node.maxEntries) : entries,
      declared: declaration?.kind,
      deleted: use.deleted,
    };
    if (declaration) checkDeclared(symbol, declaration, round.diagnostics);
    symbols.push(symbol);
  }
  return symbols;
}

/** Aggregates need a map per CPU, everything else must not have one. */
function checkDeclared(
  symbol: MapSymbol,
  { node, kind }: Declaration,
  diagnostics: Diagnostics,
): void {
  const problem = symbol.value.kind === 'tseries' ? tooLongForHash(symbol.value) : undefined;
  if (problem !== undefined) diagnostics.error('map-size', problem, node.range, KEYLESS);
  const wanted = isAggregate(symbol.value) ? 'percpuhash' : 'hash';
  const perCpu = kind.startsWith('percpu');
  if (perCpu === isAggregate(symbol.value)) return;
  const other = perCpu ? kind.slice('percpu'.length) : `percpu${kind}`;
  diagnostics.error(
    'map-kind',
    `Incompatible map types. Type from declaration: ${kind}. Type from value/key type: ${wanted}`,
    node.range,
    `For these values: 'let ${symbol.name} = ${other}(${node.maxEntries});'`,
  );
}
