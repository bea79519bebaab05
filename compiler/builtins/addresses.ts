/** ntop, pton and macaddr: addresses of networks, as bytes and as text. */
import { isIPv4, isIPv6 } from 'node:net';
import type { TypedCall, TypedExpression } from '../analysis/typed.ts';
import type { Lowering, Storage } from '../lowering/lowering.ts';
import { layoutOf } from '../types/layout.ts';
import { kindName, typeName } from '../types/names.ts';
import { int } from '../types/type.ts';
import type { AnalysisScope, Builtin, BuiltinUse } from './builtin.ts';
import {
  addressArgument,
  argument,
  isInteger,
  spaceOfPointer,
  textLiteral,
  typedCall,
} from './use.ts';

/** include/linux/socket.h, the same on every architecture. */
const AF_INET = 2n;
const AF_INET6 = 10n;

/** An inet is {u32 family, u8 address[16]}. */
const ADDRESS_OFFSET = 4;
const ADDRESS_SIZE = 16;
const MACADDR_SIZE = 6;

function literal(value: bigint, use: BuiltinUse): TypedExpression {
  return { kind: 'int', value, flexible: false, type: int(4, false), range: use.range };
}

/** Bytes that an address is copied from; undefined for types that hold none. */
function addressBytes({ type }: TypedExpression): number | undefined {
  if (isInteger(type)) return 4;
  if (type.kind === 'array' && type.element.kind === 'int') return layoutOf(type).size;
  return undefined;
}

export const ntop: Builtin = {
  name: 'ntop',
  arity: [1, 2],
  summary:
    'Text of an address of IPv4 (an integer, 4 bytes) or IPv6 (16 bytes), with its family before it if wanted.',
  analyse(use, scope) {
    const given = use.args.at(-1);
    if (given === undefined) return undefined;
    const [asked] = use.args.length === 2 ? use.args : [];
    const family = asked && scope.expression(asked);
    if (asked && family && !isInteger(family.type)) {
      scope.error(
        `ntop() only supports integers as family (${kindName(family.type)} provided)`,
        asked.range,
      );
      return undefined;
    }
    const address = scope.expression(given);
    const bytes = addressBytes(address);
    if (bytes === undefined) {
      scope.error(
        `ntop() expects an integer or array argument, got ${kindName(address.type)}`,
        given.range,
      );
      return undefined;
    }
    if (bytes !== 4 && bytes !== 16) {
      scope.error(`ntop() argument must be 4 or 16 bytes in size, not ${bytes}`, given.range);
      return undefined;
    }
    if (family?.kind === 'int' && family.value === AF_INET6 && bytes < 16) {
      scope.error('ntop() needs 16 bytes for an address of IPv6', given.range);
      return undefined;
    }
    return typedCall(
      'ntop',
      use,
      { kind: 'inet' },
      { args: [family ?? literal(bytes === 4 ? AF_INET : AF_INET6, use), address] },
    );
  },
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    const address = argument(call, 1);
    const bytes = addressBytes(address) ?? 0;
    const data = ir.offset(to.pointer, ADDRESS_OFFSET);
    ir.store(to.pointer, 0, 4, lowering.value(argument(call, 0)));
    if (bytes < ADDRESS_SIZE) ir.zero(data, ADDRESS_SIZE, 4);
    // The number stands in memory as it came from there: in the order of the network.
    if (isInteger(address.type)) ir.store(data, 0, 4, lowering.value(address));
    else ir.copy(data, lowering.address(address, false), bytes, 1);
  },
};

/** Bytes of an address in the order of the network; undefined if the text is none. */
export function addressOf(text: string): readonly number[] | undefined {
  if (isIPv4(text)) return text.split('.').map(Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return bytesOfIPv6(text);
}

function bytesOfIPv6(text: string): readonly number[] {
  const [head = '', tail] = text.split('::');
  const before = wordsOf(head);
  const after = tail === undefined ? [] : wordsOf(tail);
  const missing = ADDRESS_SIZE - before.length - after.length;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

function wordsOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((word) => {
    if (word.includes('.')) return word.split('.').map(Number);
    const value = Number.parseInt(word, 16);
    return [value >> 8, value & 0xff];
  });
}

export const pton: Builtin = {
  name: 'pton',
  arity: [1, 1],
  summary: 'The bytes of an address that is written as text: uint8[4] or uint8[16].',
  analyse(use, scope) {
    const text = scope.stringLiteral(use.args[0], use);
    if (text === undefined) return undefined;
    const bytes = addressOf(text);
    if (bytes === undefined) {
      scope.error(
        `pton() expects a valid IPv4/IPv6 address, got ${text}`,
        use.args[0]?.range ?? use.range,
      );
      return undefined;
    }
    return typedCall(
      'pton',
      use,
      { kind: 'array', element: int(1, false), count: bytes.length },
      { literals: [text] },
    );
  },
  lowerInto(call, lowering, to) {
    const bytes = addressOf(textLiteral(call, 0)) ?? [];
    for (const [index, byte] of bytes.entries()) {
      lowering.ir.store(to.pointer, index, 1, lowering.ir.constant(byte));
    }
  },
};

function analyseMacaddr(use: BuiltinUse, scope: AnalysisScope): TypedExpression | undefined {
  const [given] = use.args;
  if (given === undefined) return undefined;
  const source = scope.expression(given);
  const { type } = source;
  if (type.kind === 'pointer') {
    return typedCall(
      'macaddr',
      use,
      { kind: 'macaddr' },
      { args: [addressArgument(source, scope)] },
    );
  }
  const bytes = type.kind === 'array' && type.element.kind === 'int' && type.element.size === 1;
  if (source.kind === 'string' || !(bytes || type.kind === 'string')) {
    scope.error(
      `macaddr() only supports array, string and pointer arguments (${
        source.kind === 'string' ? 'a literal' : typeName(type)
      } provided)`,
      given.range,
    );
    return undefined;
  }
  if (layoutOf(type).size < MACADDR_SIZE) {
    scope.error('macaddr() argument must be at least 6 bytes in size', given.range);
    return undefined;
  }
  return typedCall('macaddr', use, { kind: 'macaddr' }, { args: [source] });
}

function lowerMacaddr(call: TypedCall, lowering: Lowering, to: Storage): void {
  const source = argument(call, 0);
  if (source.type.kind === 'pointer') {
    lowering.probeRead(to.pointer, MACADDR_SIZE, lowering.value(source), spaceOfPointer(source));
    return;
  }
  lowering.ir.copy(to.pointer, lowering.address(source, false), MACADDR_SIZE, 1);
}

export const macaddr: Builtin = {
  name: 'macaddr',
  arity: [1, 1],
  summary: 'Six bytes of an array, a string or memory, shown as a hardware address.',
  analyse: analyseMacaddr,
  lowerInto: lowerMacaddr,
};
