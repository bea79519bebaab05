/** Typed trees written by hand, for tests of the lowering alone. */
import type {
  Config,
  MapSymbol,
  TypedBlock,
  TypedCall,
  TypedExpression,
  TypedInt,
  TypedProbe,
  TypedProgram,
  TypedStatement,
  VariableSymbol,
} from '../../../compiler/analysis/typed.ts';
import { table } from '../../../compiler/builtins/builtins.ts';
import type { ProbeTarget } from '../../../compiler/probes/probe.ts';
import { BOOL, INT64, type Type, UINT32, UINT64, VOID } from '../../../compiler/types/type.ts';
import { DEFAULT_SETTINGS } from '../../support/settings.ts';

const range = { start: 0, end: 1 };

export const config: Config = {
  ...DEFAULT_SETTINGS,
  license: 'GPL',
  maxStrlen: 1024,
  maxMapKeys: 4096,
  onStackLimit: 64,
  stackMode: 'bpftrace',
  maxBpfProgs: 1024,
  settings: new Map(),
  unstable: {
    tseries: 'warn',
    dwUstack: 'warn',
    importStatement: 'error',
    probeLists: 'error',
    typeinfo: 'error',
  },
};

export const tracepoint: ProbeTarget = {
  provider: 'tracepoint',
  name: 'tracepoint:sched:sched_switch',
  alias: undefined,
  section: 'tracepoint/sched/sched_switch',
  context: 'tracepoint',
  space: 'kernel',
  defaultReturn: 1,
  filtersPid: true,
  fields: [],
  registers: 0,
  hasRetval: false,
  function: undefined,
  wildcard: false,
  target: { provider: 'tracepoint', category: 'sched', event: 'sched_switch' },
  parameterised: false,
};

export const kprobe: ProbeTarget = {
  ...tracepoint,
  provider: 'kprobe',
  name: 'kprobe:vfs_read',
  section: 'kprobe/vfs_read',
  context: 'registers',
  defaultReturn: 0,
  registers: 6,
  function: 'vfs_read',
  target: { provider: 'kprobe', function: 'vfs_read', offset: 0 },
};

export const uprobe: ProbeTarget = {
  ...kprobe,
  provider: 'uprobe',
  name: 'uprobe:/bin/true:main',
  section: 'uprobe',
  space: 'user',
  target: { provider: 'uprobe', path: '/bin/true', function: 'main', offset: 0 },
};

export const rawTracepoint: ProbeTarget = {
  ...tracepoint,
  provider: 'rawtracepoint',
  name: 'rawtracepoint:sched_switch',
  section: 'tp_btf/sched_switch',
  context: 'btf-arguments',
  defaultReturn: 0,
  target: { provider: 'rawtracepoint', event: 'sched_switch' },
};

export const int = (value: bigint | number, type: Type = INT64): TypedInt => ({
  kind: 'int',
  value: BigInt(value),
  flexible: false,
  type,
  range,
});

export const text = (value: string, size = value.length + 1): TypedExpression => ({
  kind: 'string',
  value,
  type: { kind: 'string', size },
  range,
});

export const call = (
  builtin: string,
  type: Type,
  rest: Partial<Omit<TypedCall, 'kind'>> = {},
): TypedCall => ({
  kind: 'call',
  builtin,
  type,
  traits: table.find(builtin)?.builtin.traits ?? {},
  args: [],
  range,
  ...rest,
});

export const pid = call('pid', UINT32, { plan: { namespace: 'curr_ns' } });
export const comm = call('comm', { kind: 'string', size: 16 }, { traits: { steady: true } });
export const nsecs = call('nsecs', UINT64, { plan: { clock: 'boot' } });

/** `str(arg0)` of the default length. */
export const str = (size: number): TypedCall =>
  call(
    'str',
    { kind: 'string', size },
    {
      args: [cast(arg(0), { kind: 'pointer', to: INT64, space: 'kernel' })],
      plan: { reads: size, showsCut: false, skip: 0 },
    },
  );

export const arg = (index: number): TypedExpression => call(`arg${index}`, UINT64);

export const variable = (symbol: VariableSymbol): TypedExpression => ({
  kind: 'variable',
  variable: symbol,
  type: symbol.type,
  range,
});

export const read = (map: MapSymbol, key?: TypedExpression, type = map.value): TypedExpression => ({
  kind: 'map',
  map: map.name,
  key,
  type,
  range,
});

export const cast = (operand: TypedExpression, type: Type): TypedExpression => ({
  kind: 'cast',
  operand,
  type,
  range,
});

export const tuple = (...elements: readonly TypedExpression[]): TypedExpression => ({
  kind: 'tuple',
  elements,
  type: { kind: 'tuple', elements: elements.map((element) => element.type) },
  range,
});

export const element = (base: TypedExpression, index: number, type: Type): TypedExpression => ({
  kind: 'element',
  base,
  index,
  type,
  range,
});

type Operator = Extract<TypedExpression, { kind: 'binary' }>['operator'];

const LOGICAL: ReadonlySet<Operator> = new Set(['==', '!=', '<', '<=', '>', '>=', '&&', '||']);

export const binary = (
  left: TypedExpression,
  operator: Operator,
  right: TypedExpression,
): TypedExpression => ({
  kind: 'binary',
  operator,
  left,
  right,
  type: LOGICAL.has(operator) ? BOOL : left.type,
  range,
});

export const map = (
  name: string,
  value: Type,
  key?: Type,
  rest: Partial<MapSymbol> = {},
): MapSymbol => ({
  name,
  key,
  value,
  maxEntries: 4096,
  declared: undefined,
  deleted: false,
  ...rest,
});

export const block = (...statements: readonly TypedStatement[]): TypedBlock => ({
  kind: 'block',
  statements,
  range,
});

export const set = (target: VariableSymbol, value: TypedExpression): TypedStatement => ({
  kind: 'assign-variable',
  variable: target,
  value,
  range,
});

export const assign = (
  target: MapSymbol,
  key: TypedExpression | undefined,
  value: TypedExpression,
): TypedStatement => ({ kind: 'assign-map', map: target.name, key, value, range });

export const aggregate = (
  target: MapSymbol,
  key?: TypedExpression,
  value?: TypedExpression,
): TypedStatement => {
  const { value: type } = target;
  switch (type.kind) {
    case 'count':
    case 'sum':
    case 'min':
    case 'max':
    case 'avg':
    case 'stats':
    case 'hist':
    case 'lhist':
    case 'tseries':
      return { kind: 'aggregate', map: target.name, key, aggregate: type, value, range };
    default:
      throw new Error(`${type.kind} is no aggregate`);
  }
};

export const run = (expression: TypedExpression): TypedStatement => ({
  kind: 'expression-statement',
  expression,
  range,
});

export const when = (
  condition: TypedExpression,
  then: TypedBlock,
  otherwise?: TypedBlock,
): TypedStatement => ({ kind: 'if', condition, then, else: otherwise, range });

export const exit = run(call('exit', VOID));

export const print = (value: TypedExpression): TypedStatement =>
  run(call('print', VOID, { args: [value] }));

export const program = (
  maps: readonly MapSymbol[],
  target: ProbeTarget,
  body: TypedBlock,
  predicate?: TypedExpression,
): TypedProgram => {
  const probe: TypedProbe = {
    target,
    symbol: 'probe_1',
    range,
    block: 0,
    variables: [],
    predicate,
    body,
    calls: [],
  };
  return {
    ...{ probes: [probe], functions: [], maps, params: [], takesParameters: false, bounds: [] },
    ...{ options: [], config, assumptions: [] },
  };
};
