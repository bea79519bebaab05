/** ntop, pton and macaddr: addresses of networks, as bytes and as text. */
import { isIPv4, isIPv6 } from 'node:net';
import { integer, optional, text, value } from '../analysis/parameters.ts';
import type { TypedExpression } from '../analysis/typed.ts';
import { layoutOf } from '../types/layout.ts';
import { int } from '../types/type.ts';
import { type Builtin, defineBuiltin, typed } from './builtin.ts';
import { addressArgument, argument, constant, isInteger, spaceOfPointer } from './use.ts';

/** include/linux/socket.h, the same on every architecture. */
const AF_INET = 2n;
const AF_INET6 = 10n;

/** An inet is {u32 family, u8 address[16]}. */
const ADDRESS_OFFSET = 4;
const ADDRESS_SIZE = 16;
const MACADDR_SIZE = 6;

/** Bytes that an address is copied from. */
function addressBytes({ type }: TypedExpression): number {
  return isInteger(type) ? 4 : layoutOf(type).size;
}

export const ntop: Builtin = defineBuiltin({
  name: 'ntop',
  parameters: { family: optional(integer), address: value('integer', 'array') },
  summary:
    'Text of an address of IPv4 (an integer, 4 bytes) or IPv6 (16 bytes), with its family before it if wanted.',
  analyse({ family, address }, use, scope) {
    const bytes = addressBytes(address);
    if (bytes !== 4 && bytes !== 16) {
      scope.error(
        'argument-type',
        `ntop() argument must be 4 or 16 bytes in size, not ${bytes}`,
        address.range,
      );
      return undefined;
    }
    if (family?.kind === 'int' && family.value === AF_INET6 && bytes < 16) {
      scope.error('argument-type', 'ntop() needs 16 bytes for an address of IPv6', address.range);
      return undefined;
    }
    const usual = constant(bytes === 4 ? AF_INET : AF_INET6, int(4, false), use);
    return typed({ kind: 'inet' }, { args: [family ?? usual, address] });
  },
  lowerInto(call, lowering, to) {
    const { ir } = lowering;
    const address = argument(call, 1);
    const bytes = addressBytes(address);
    const data = ir.offset(to.pointer, ADDRESS_OFFSET);
    ir.store(to.pointer, 0, 4, lowering.value(argument(call, 0)));
    if (bytes < ADDRESS_SIZE) ir.zero(data, ADDRESS_SIZE, 4);
    // The number stands in memory as it came from there: in the order of the network.
    if (isInteger(address.type)) ir.store(data, 0, 4, lowering.value(address));
    else ir.copy(data, lowering.address(address, false), bytes, 1);
  },
});

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

export const pton: Builtin = defineBuiltin({
  name: 'pton',
  parameters: { address: text },
  summary: 'The bytes of an address that is written as text: uint8[4] or uint8[16].',
  analyse({ address }, _use, scope) {
    const bytes = addressOf(address.value);
    if (bytes === undefined) {
      const message = `pton() expects a valid IPv4/IPv6 address, got ${address.value}`;
      scope.error('argument-value', message, address.range);
      return undefined;
    }
    const type = { kind: 'array', element: int(1, false), count: bytes.length } as const;
    return typed(type, { plan: { bytes } });
  },
  lowerInto({ plan }, lowering, to) {
    for (const [index, byte] of plan.bytes.entries()) {
      lowering.ir.store(to.pointer, index, 1, lowering.ir.constant(byte));
    }
  },
});

export const macaddr: Builtin = defineBuiltin({
  name: 'macaddr',
  parameters: { source: value('array', 'string', 'pointer') },
  summary: 'Six bytes of an array, a string or memory, shown as a hardware address.',
  analyse({ source }, _use, scope) {
    const { type } = source;
    if (type.kind === 'pointer') {
      return typed({ kind: 'macaddr' }, { args: [addressArgument(source, scope)] });
    }
    if (source.kind === 'string') {
      scope.error(
        'argument-type',
        'macaddr() takes no literal: its text is not six bytes',
        source.range,
      );
      return undefined;
    }
    if (type.kind === 'array' && !(type.element.kind === 'int' && type.element.size === 1)) {
      scope.error('argument-type', 'macaddr() expects an array of bytes', source.range);
      return undefined;
    }
    if (layoutOf(type).size < MACADDR_SIZE) {
      scope.error(
        'argument-type',
        'macaddr() argument must be at least 6 bytes in size',
        source.range,
      );
      return undefined;
    }
    return typed({ kind: 'macaddr' }, { args: [source] });
  },
  lowerInto(call, lowering, to) {
    const source = argument(call, 0);
    if (source.type.kind === 'pointer') {
      lowering.probeRead(to.pointer, MACADDR_SIZE, lowering.value(source), spaceOfPointer(source));
      return;
    }
    lowering.ir.copy(to.pointer, lowering.address(source, false), MACADDR_SIZE, 1);
  },
});
