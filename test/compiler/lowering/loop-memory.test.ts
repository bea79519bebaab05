/**
 * What the body of a loop changes is not on the stack of the program around it. Before Linux 6.7 the verifier walks through a
 * callback once, takes what that round leaves there for the only value, and removes branches that later rounds would take.
 */
import { describe, expect, it } from 'vitest';
import { STT } from '../../../linker/elf/elf.ts';
import { readElf } from '../../../linker/elf/read.ts';
import { build } from '../../support/build.ts';

const CLASS = { loadFrom: 1, storeNumber: 2, store: 3, alu64: 7 };
const LOAD_NUMBER = 0x18;
const MOVE = 0xbf;
const CALL = 0x85;
const STACK = 10;
/** The stack of the program is the last argument: of a loop over numbers the second, over a map the fourth. */
const ARGUMENT = { range: 2, map: 4 };

/** Of each callback, the number of instructions that store to the stack of its caller. */
function storesToCaller(script: string, argument: number): readonly number[] {
  const elf = readElf(build(script));
  return elf.symbols
    .filter(({ name, type }) => type === STT.func && /_loop_\d+$/.test(name))
    .map(({ section, value, size }) => {
      const code = elf.sections[section]?.data.subarray(value, value + size) ?? new Uint8Array();
      return storesThrough(code, argument);
    });
}

/** Follows copies of the argument through registers and the callback's own stack, in order of the text. */
function storesThrough(code: Uint8Array, argument: number): number {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const holders = new Set([argument]);
  const spilled = new Set<number>();
  let stores = 0;
  for (let at = 0; at < code.length; at += 8) {
    const opcode = view.getUint8(at);
    const to = view.getUint8(at + 1) & 15;
    const from = view.getUint8(at + 1) >> 4;
    const offset = view.getInt16(at + 2, true);
    const kind = opcode & 7;
    if (kind === CLASS.store || kind === CLASS.storeNumber) {
      if (holders.has(to)) stores += 1;
      if (to === STACK && kind === CLASS.store && holders.has(from)) spilled.add(offset);
      else if (to === STACK) spilled.delete(offset);
    } else if (opcode === CALL) {
      for (const register of [0, 1, 2, 3, 4, 5]) holders.delete(register);
    } else if (opcode === MOVE && holders.has(from)) {
      holders.add(to);
    } else if (kind === CLASS.loadFrom && from === STACK && spilled.has(offset)) {
      holders.add(to);
    } else if (opcode === MOVE || kind === CLASS.loadFrom || opcode === LOAD_NUMBER) {
      holders.delete(to);
    }
    if (opcode === LOAD_NUMBER) at += 8;
  }
  return stores;
}

describe('a loop keeps outside of the stack of its program', () => {
  it.each([
    ['a sum', 'range', 'begin { $n = 0; for $i : 0..1000 { $n += $i; } print($n); }'],
    [
      'a text',
      'range',
      'begin { $s = ""; for $i : 0..1000 { if ($i == pid) { $s = comm; } } print($s); }',
    ],
    [
      'a state that later rounds ask for',
      'range',
      'begin { $a = 0; $b = 0; for $i : 0..1000 { if ($a == 1) { $b = 5; } $a = $i; if ($b) { break; } } print(($a, $b)); }',
    ],
    [
      'the mark of return',
      'range',
      'begin { for $i : 0..1000 { if ($i == pid) { return; } @n = $i; } print(@n); }',
    ],
    [
      'a sum over a map',
      'map',
      'begin { @m[1] = 2; $n = 0; for $kv : @m { $n += $kv.1; if ($n > 9) { break; } } print($n); }',
    ],
    [
      'the mark of break over a map of several sizes',
      'map',
      'begin { @m["a"] = 2; @m["longer than that by far"] = 3; $n = 0; for $kv : @m { $n++; if ($n > 9) { break; } } print($n); }',
    ],
  ] as const)('%s', (_what, over, script) => {
    const stores = storesToCaller(script, ARGUMENT[over]);
    expect(stores.length).toBeGreaterThan(0);
    expect(stores).toEqual(stores.map(() => 0));
  });
});
