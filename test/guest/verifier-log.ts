/**
 * What programs do with their context, by the verifier's log of them (`bpfload -d verifier`): the instructions that the
 * loader has handed to the kernel, patches and all. They are run here, on a context whose bytes tell where they stand.
 */
import { patternAt } from './pattern.ts';

/**
 * What is in a register: a place in the context or on the stack, a number from the context, or one of the program's own;
 * else it is not known.
 */
type Value =
  | { readonly in: 'context' | 'stack'; readonly at: number }
  | { readonly number: bigint }
  | { readonly constant: bigint }
  | undefined;
/** By the names of registers, and of places on the stack. */
type State = Map<string, Value>;

const PROGRAM = /prog '(\w+)': -- BEGIN PROG LOAD LOG --\n([\s\S]*?)-- END PROG LOAD LOG --/g;
/** `16: (71) r1 = *(u8 *)(r6 +0) ; R1=...`, which older kernels write without the space before the semicolon. */
const INSTRUCTION = /^\d+: \([0-9a-f]{2}\) ([^;\n]*?)\s*(?:;.*)?$/gm;

/** The number of the context that each program stores, by the number of its block in the script, from 1. */
export function storedNumbers(log: string): ReadonlyMap<number, bigint> {
  const found = new Map<number, bigint>();
  for (const [, name = '', text = ''] of log.matchAll(PROGRAM)) {
    const stored = storedBy([...text.matchAll(INSTRUCTION)].map(([, code]) => code ?? ''));
    const block = Number(/_(\d+)$/.exec(name)?.[1]);
    if (stored !== undefined) found.set(block, stored);
  }
  return found;
}

/** What the loader says besides. */
export function withoutLogs(text: string): string {
  return text
    .replaceAll(/^libbpf: /gm, '')
    .replaceAll(PROGRAM, '')
    .trim();
}

/** The last one of them; undefined where a program stores none, or comes to it by other ways than a straight one. */
function storedBy(code: readonly string[]): bigint | undefined {
  const state: State = new Map([
    ['1', { in: 'context', at: 0 }],
    ['10', { in: 'stack', at: 0 }],
  ]);
  let stored: bigint | undefined;
  for (const each of code) {
    const store = /^\*\(u64 \*\)\(r(\d+) [+-]\d+\) = r(\d+)$/.exec(each);
    const from = store && store[1] !== '10' ? state.get(store[2] ?? '') : undefined;
    if (from && 'number' in from) stored = from.number;
    const [, width, to, operation, operand] = /^([rw])(\d+) (\S*=) (.*)$/.exec(each) ?? [];
    if (to !== undefined)
      state.set(to, narrowed(width, computed(state, state.get(to), operation, operand ?? '')));
    if (each.startsWith('call ')) call(state, each);
  }
  return stored;
}

/** Eight bytes of the context may be copied as memory. */
function call(state: State, code: string): void {
  const [to, from] = [state.get('1'), state.get('3')];
  if (code.includes('bpf_probe_read_kernel#') && to && 'at' in to && from && 'at' in from)
    state.set(`stack ${to.at}`, numberAt(from.at, 64, false));
  for (const register of '012345') state.delete(register);
}

function numberAt(byte: number, bits: number, isSigned: boolean): Value {
  return { number: patternAt({ kind: 'number', bitOffset: byte * 8, bits, isSigned }) };
}

function narrowed(width: string | undefined, value: Value): Value {
  return width === 'w' && value && 'number' in value
    ? { number: BigInt.asUintN(32, value.number) }
    : value;
}

function computed(
  state: State,
  before: Value,
  operation: string | undefined,
  operand: string,
): Value {
  const load = /^\*\(([us])(\d+) \*\)\(r(\d+) ([+-]\d+)\)$/.exec(operand);
  if (operation === '=' && load) return loaded(state, load);
  const register = /^[rw](\d+)$/.exec(operand)?.[1];
  const right = register === undefined ? constantOf(operand) : state.get(register);
  if (operation === '=') return right;
  if (!before || !right) return undefined;
  if ('constant' in before) return operation === '+=' ? moved(right, before.constant) : undefined;
  if (!('constant' in right)) return undefined;
  const amount = right.constant;
  if ('at' in before) return operation === '+=' ? moved(before, amount) : undefined;
  const number = shifted(before.number, operation, amount);
  return number === undefined ? undefined : { number: BigInt.asUintN(64, number) };
}

function loaded(state: State, [, sign, bits, base, offset]: readonly string[]): Value {
  const from = state.get(base ?? '');
  if (!from || !('at' in from)) return undefined;
  const at = from.at + Number(offset);
  return from.in === 'context'
    ? numberAt(at, Number(bits), sign === 's')
    : state.get(`stack ${at}`);
}

function moved(from: NonNullable<Value>, by: bigint): Value {
  return 'at' in from ? { in: from.in, at: from.at + Number(by) } : undefined;
}

function constantOf(text: string): Value {
  if (!/^-?(?:0x[0-9a-f]+|\d+)$/.test(text)) return undefined;
  return { constant: text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text) };
}

function shifted(number: bigint, operation: string | undefined, by: bigint): bigint | undefined {
  switch (operation) {
    case '<<=':
      return number << by;
    case '>>=':
      return number >> by;
    case 's>>=':
      return BigInt.asIntN(64, number) >> by;
    case '&=':
      return number & BigInt.asUintN(64, by);
    default:
      return undefined;
  }
}
